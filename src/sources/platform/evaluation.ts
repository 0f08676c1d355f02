// One evaluation: from a list of secrets to the answer for a registry, reading as few values as the decision needs
// and keeping what the last answer already knows.

import type { Candidate, Outcome } from "../../core/candidate.ts";
import { considered, decide } from "../../core/decide.ts";
import { Failure } from "../../core/failures.ts";
import type { AnswerEntry, KnownOutcome, ListEntry } from "../../core/platform-entries.ts";
import type { Considered } from "../../core/platform-result.ts";
import type { RegistryRef } from "../../core/registry.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import { type Read, type ReadOptions, readValue } from "./read-value.ts";
import { noneAt } from "./result.ts";

export class Evaluation {
  readonly #ref: RegistryRef;
  readonly #list: ListEntry;
  readonly #before: AnswerEntry | undefined;
  readonly #options: ReadOptions;
  readonly #groups: readonly (readonly Candidate[])[];
  readonly #values = new Map<string, SecretValue>();
  /** What was read in this run counts in this run, whatever the wall clock does meanwhile. */
  readonly #readNow = new Map<string, Outcome>();
  readonly #refusals: Failure[] = [];
  /** Why a secret does not answer, by its reference. */
  readonly #reasons = new Map<string, string>();
  #outcomes: readonly KnownOutcome[];

  constructor(ref: RegistryRef, list: ListEntry, before: AnswerEntry | undefined, options: ReadOptions) {
    this.#ref = ref;
    this.#list = list;
    this.#before = before?.kind === "erased" ? undefined : before;
    this.#options = options;
    this.#groups = options.secretCache.groups(ref, list);
    this.#outcomes = this.#before?.outcomes ?? [];
  }

  /** The answer, written down. Throws a Failure: a value could not be had although the list shows the secret, which is never "not found". */
  async run(): Promise<AnswerEntry> {
    for (;;) {
      const decision = decide(this.#groups, (candidate) => this.#outcomeOf(candidate));
      if (decision.kind === "nobody") return this.#keep(this.#nobody());
      const { candidate } = decision;
      if (decision.kind === "winner" && this.#isAtHand(candidate)) return this.#keep(this.#winner(candidate));
      await this.#read(candidate);
    }
  }

  /** Every secret of the registry and what became of it, after `run`, whether that threw or not. */
  considered(answer?: AnswerEntry): readonly Considered[] {
    return considered(
      this.#groups,
      (candidate) => this.#outcomeOf(candidate),
      answer?.ref,
      (candidate) => this.#reasons.get(candidate.ref),
    );
  }

  #outcomeOf(candidate: Candidate): Outcome | undefined {
    const { secretCache } = this.#options;
    return this.#readNow.get(candidate.ref) ?? secretCache.outcomeOf(candidate, this.#outcomes);
  }

  /** True when the winner's value was read in this run or is the one of the last answer. */
  #isAtHand(candidate: Candidate): boolean {
    return this.#values.has(candidate.ref) || this.#before?.ref === candidate.ref;
  }

  async #read(candidate: Candidate): Promise<void> {
    const read = await readValue(this.#ref, candidate, this.#options);
    if ("value" in read) this.#values.set(candidate.ref, read.value);
    if (read.kind === "refused") this.#refusals.push(read.failure);
    const reason = reasonOf(read);
    if (reason !== undefined) this.#reasons.set(candidate.ref, reason);
    const { ref, revision } = candidate;
    this.#readNow.set(ref, read.kind);
    const others = this.#outcomes.filter((outcome) => outcome.ref !== ref);
    this.#outcomes = [
      ...others,
      { ref, revision, outcome: read.kind, readAtMs: this.#options.clock.nowMs() },
    ];
  }

  #winner(candidate: Candidate): AnswerEntry {
    const value = this.#values.get(candidate.ref);
    const { ref, verbatim, name } = candidate;
    const common = { atMs: this.#list.atMs, ref, verbatim, outcomes: this.#outcomes };
    switch (value?.kind) {
      case undefined:
        return {
          ...common,
          kind: this.#before?.kind === "native" ? "native" : "credential",
          credential: this.#before?.credential,
        };
      case "native":
        return { ...common, kind: "native", credential: undefined };
      case "credential":
        return { ...common, kind: "credential", credential: value.credential };
      case "bad":
        throw new Failure("value-invalid", `the value of the secret ${name} ${value.reason}`, {
          hint: "set the secret's value to user:password",
        });
    }
  }

  /** Environments keep what they had: a deleted secret that is still in the list serves its last known value. */
  #nobody(): AnswerEntry {
    const candidates = this.#groups.flat();
    if (candidates.length === 0) return noneAt(this.#list.atMs);
    const before = this.#before;
    const deleted = this.#outcomes.some(({ ref, outcome }) => ref === before?.ref && outcome === "missing");
    const listed = candidates.some(({ ref }) => ref === before?.ref);
    if (before?.verbatim && deleted && listed) {
      return { ...before, atMs: this.#list.atMs, outcomes: this.#outcomes };
    }
    const [refusal] = this.#refusals;
    const names = candidates.map(({ name }) => name).join(", ");
    const missing = new Failure(
      "secret-missing",
      `the platform does not have the value of the secret ${names}`,
      {
        hint: "create the secret again, or make a new environment",
      },
    );
    throw refusal ?? missing;
  }

  #keep(entry: AnswerEntry): AnswerEntry {
    this.#options.secretCache.keepAnswer(this.#ref, entry);
    return entry;
  }
}

function reasonOf(read: Read): string | undefined {
  if (read.kind === "refused") return read.failure.message;
  if (read.kind === "missing") return "the platform does not have its value";
  return read.value.kind === "bad" ? `its value ${read.value.reason}` : undefined;
}
