// How the table of verbs describes a verb: the ground for usage, help, completion and man page.

export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** What stands for its value in help, such as `FILE`; absent for a flag. */
  readonly value?: string;
  readonly multiple?: true;
  readonly choices?: readonly string[];
  readonly required?: true;
  readonly help: string;
}

export interface VerbSpec {
  readonly name: string;
  readonly summary: string;
  /** A few more sentences, for `help VERB` and the man page. */
  readonly details: string;
  readonly options: readonly OptionSpec[];
  /** What may follow the options, such as `[HOST|IMAGE|CODE]...`; absent: nothing. */
  readonly operands?: { readonly form: string; readonly least: number; readonly most: number };
  /** Everything from the first operand, or after `--`, belongs to another command. */
  readonly takesCommand?: true;
}
