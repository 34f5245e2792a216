import { expect, it } from "vitest";

import { safeNext } from "./SignInPage";

it.each([
  ["/fleet?x=1", "/fleet?x=1"],
  [null, "/"],
  ["https://elsewhere.example", "/"],
  ["//elsewhere.example", "/"],
  ["/\\elsewhere.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/sign-in", "/"],
])("after signing in %s leads to %s", (next, to) => expect(safeNext(next)).toBe(to));
