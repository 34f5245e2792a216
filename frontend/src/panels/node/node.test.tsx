// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { asValue, useDraft } from "./fields";
import { type Lineage, originsOf, path } from "./lineage";

afterEach(cleanup);

const LINEAGE: Lineage = {
  source: { price: [], user: [] },
  dear: { price: [["source", "price"]], user: [["source", "user"]] },
  total: { value: [["dear", "price"], ["dear", "user"]], loop: [["total", "loop"]] },
};

describe("lineage", () => {
  it("follows a column to where it begins, each once, nearest first", () => {
    expect(path(originsOf(LINEAGE, "total", "value"))).toEqual([
      { node: "dear", column: "price", depth: 0 }, { node: "dear", column: "user", depth: 0 },
      { node: "source", column: "price", depth: 1 }, { node: "source", column: "user", depth: 1 }]);
    expect(path(originsOf(LINEAGE, "source", "price"))).toEqual([]);
  });

  it("ends where a column is made of itself, or nothing is known", () => {
    expect(originsOf(LINEAGE, "total", "loop")).toEqual([]);
    expect(originsOf(LINEAGE, "none", "x")).toEqual([]);
  });
});

describe("what is typed into a form", () => {
  it("is a number where numbers are meant, else text; nothing is the default", () => {
    expect([asValue("1e3", "number"), asValue(" 7 ", "number"), asValue("${n}", "number"), asValue("7", "text"), asValue("  ", "text")])
      .toEqual([1000, 7, "${n}", "7", undefined]);
  });

  it("becomes a change when one is done with it", async () => {
    const commit = vi.fn();
    const user = userEvent.setup();
    render(<Field value="old" commit={commit} />);
    const field = screen.getByRole("textbox");
    await user.clear(field);
    await user.type(field, "new");
    expect(commit).not.toHaveBeenCalled();
    await user.keyboard("{Enter}");
    expect(commit.mock.calls).toEqual([["new"]]);
    await user.keyboard("er{Escape}");
    expect(field).toHaveProperty("value", "old");
    await user.tab();
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it("gives way to a change from elsewhere", () => {
    const { rerender } = render(<Field value="a" commit={vi.fn()} />);
    rerender(<Field value="b" commit={vi.fn()} />);
    expect(screen.getByRole("textbox")).toHaveProperty("value", "b");
  });
});

function Field({ value, commit }: { value: string; commit: (value: string) => void }) {
  return <input {...useDraft(value, commit)} />;
}
