import { describe, expect, it } from "vitest";

import type { RunEvent } from "../../api/types";
import { joinedEvents } from "./EventsPanel";

const event = (id: number, message: string) => ({ id, message }) as RunEvent;

describe("events", () => {
  it("are told once, newest first; what came live counts", () => {
    const found = joinedEvents([event(3, "c"), event(1, "a")], [event(4, "d"), event(3, "c again")]);
    expect(found.map(({ id, message }) => [id, message])).toEqual([[4, "d"], [3, "c again"], [1, "a"]]);
  });
});
