import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/core/failures.ts";
import { Lines, urgencyOf } from "../../../src/core/platform-events.ts";

const own = "0199a000-0000-7000-8000-000000000010";
const other = "0199a000-0000-7000-8000-000000000011";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("an event is a reason to ask again", () => {
  it.each([
    ["our environment was updated", "UPDATE", "ENVIRONMENT", own, "now"],
    ["our environment was deleted", "DELETE", "ENVIRONMENT", own, "now"],
    ["our environment has another status", "UPDATE_STATUS", "ENVIRONMENT", own, "soon"],
    ["another environment was updated", "UPDATE", "ENVIRONMENT", other, "never"],
    ["a secret was made", "CREATE", "SECRET", other, "now"],
    ["a secret was changed", "UPDATE", "SECRET", other, "now"],
    ["a user's secret was changed", "UPDATE", "USER_SECRET", other, "now"],
    ["an organization's secret was changed", "UPDATE", "ORGANIZATION_SECRET", other, "now"],
    ["a task was updated", "UPDATE", "TASK", other, "never"],
    ["a service has another status", "UPDATE_STATUS", "SERVICE", other, "never"],
    ["a project was updated", "UPDATE", "PROJECT", other, "soon"],
    ["a type that begins like a secret's", "UPDATE", "SECRET_SCAN", other, "soon"],
    ["a type that is new", "UPDATE", "SOMETHING_NEW", other, "soon"],
    ["a type that is not told", "UPDATE", "UNSPECIFIED", other, "soon"],
  ])("%s: %s of %s", (_, operation, type, resourceId, urgency) => {
    const event = {
      operation: `RESOURCE_OPERATION_${operation}`,
      resourceType: `RESOURCE_TYPE_${type}`,
      resourceId,
    };
    expect(urgencyOf(JSON.stringify(event), own)).toBe(urgency);
  });

  it.each([
    ["nothing in it", {}, "soon"],
    ["numbers for names", { operation: 2, resourceType: 1, resourceId: own }, "soon"],
    ["a type that ends like a secret's", { resourceType: "MY_RESOURCE_TYPE_SECRET" }, "soon"],
    ["no id", { operation: "RESOURCE_OPERATION_UPDATE", resourceType: "RESOURCE_TYPE_ENVIRONMENT" }, "now"],
    [
      "an operation that is new",
      { operation: "X", resourceType: "RESOURCE_TYPE_ENVIRONMENT", resourceId: own },
      "now",
    ],
  ])("%s", (_, event, urgency) => {
    expect(urgencyOf(JSON.stringify(event), own)).toBe(urgency);
  });

  it("of any environment where ours is not known", () => {
    const event = { resourceType: "RESOURCE_TYPE_ENVIRONMENT", resourceId: other };
    expect(urgencyOf(JSON.stringify(event), undefined)).toBe("now");
  });

  it.each(["<html>", "[]", "null", "1", '"x"', "{", '{"a":1}{"b":2}'])("%s is no event", (line) => {
    expect(() => urgencyOf(line, own)).toThrow(InvalidInput);
    expect(() => urgencyOf(line, own)).toThrow(/^a line that is (?:not JSON|no object)$/);
  });
});

describe("lines", () => {
  it.each([
    ["one in one piece", ['{"a":1}\n'], ['{"a":1}']],
    ["two in one piece", ["1\n2\n"], ["1", "2"]],
    ["one in three pieces", ['{"a', '":', "1}\n"], ['{"a":1}']],
    ["CRLF", ["1\r\n2\r\n"], ["1", "2"]],
    ["blank ones between", ["\n\n1\n \n2\n"], ["1", "2"]],
    ["the last without its end", ["1\n2"], ["1"]],
    ["two in two pieces", ["1\n", "2\n"], ["1", "2"]],
    ["an end of its own", ["1", "\n"], ["1"]],
  ])("%s", (_, pieces, expected) => {
    const lines = new Lines();
    expect(pieces.flatMap((piece) => lines.push(bytes(piece)))).toEqual(expected);
  });

  it("a letter that is cut in two is whole again", () => {
    const lines = new Lines();
    const [first = 0, second = 0] = bytes("ä");
    expect([...lines.push(Uint8Array.of(first)), ...lines.push(Uint8Array.of(second, 0x0a))]).toEqual(["ä"]);
  });

  it("one of 64 KiB is read, one byte more is given up", () => {
    const long = "a".repeat(64 * 1024);
    const lines = new Lines();
    expect([...lines.push(bytes(long)), ...lines.push(bytes("\n"))]).toEqual([long]);
    expect(() => lines.push(bytes(`${long}a`))).toThrow(/without an end/);
  });

  it("one that never ends is given up", () => {
    const lines = new Lines();
    const endless = (): void => {
      for (let n = 0; n < 200; n += 1) lines.push(new Uint8Array(1024).fill(0x61));
    };
    expect(endless).toThrow(InvalidInput);
  });
});
