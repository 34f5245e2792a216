import { expect, it } from "vitest";

import { expiresAt } from "./expiry";

it("counts days from now, or has no end", () => {
  const now = Date.UTC(2026, 2, 4, 12);
  expect(expiresAt("7", now)).toBe("2026-03-11T12:00:00.000Z");
  expect(expiresAt("", now)).toBeNull();
});
