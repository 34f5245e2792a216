// @vitest-environment jsdom

import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Column, DataTable, type RowKey } from "./DataTable";
import { ErrorNote } from "./ErrorNote";

interface Fruit {
  id: number;
  name: string;
  price: number | null;
}

const FRUITS: Fruit[] = [
  { id: 1, name: "pear", price: 3 },
  { id: 2, name: "apple", price: null },
  { id: 3, name: "plum", price: 1 },
];

const COLUMNS: Column<Fruit>[] = [
  { id: "name", title: "Name", cell: (fruit) => fruit.name, sort: (fruit) => fruit.name },
  { id: "price", title: "Price", cell: (fruit) => fruit.price, sort: (fruit) => fruit.price },
];

let opened: string[];

function Table({ rows = FRUITS }: { rows?: Fruit[] }) {
  const [selection, setSelection] = useState<ReadonlySet<RowKey>>(new Set());
  return (
    <>
      <DataTable
        label="Fruits"
        columns={COLUMNS}
        rows={rows}
        rowKey={(fruit) => fruit.id}
        rowLabel={(fruit) => fruit.name}
        selection={selection}
        onSelect={setSelection}
        onOpen={(fruit) => opened.push(fruit.name)}
        empty={<p>No fruit</p>}
      />
      <output>{[...selection].sort().join(",")}</output>
    </>
  );
}

const names = () => screen.getAllByRole("row").slice(1).map((row) => row.getAttribute("aria-label"));
const chosen = () => screen.getByRole("status").textContent;

beforeEach(() => {
  opened = [];
  // jsdom lays nothing out, so that nothing can be observed
  vi.stubGlobal("ResizeObserver", class { observe() {} disconnect() {} });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("DataTable", () => {
  const user = userEvent.setup();

  it("sorts by a column, then the other way round, missing values last", async () => {
    render(<Table />);
    expect(names()).toEqual(["pear", "apple", "plum"]);
    await user.click(screen.getByRole("button", { name: "Price" }));
    expect(names()).toEqual(["plum", "pear", "apple"]);
    expect(screen.getByRole("columnheader", { name: "Price" }).getAttribute("aria-sort")).toBe("ascending");
    await user.click(screen.getByRole("button", { name: "Price" }));
    expect(names()).toEqual(["pear", "plum", "apple"]);
  });

  it("is walked, selected in and opened by keys alone", async () => {
    render(<Table />);
    await user.tab(); // the box of all rows
    await user.tab();
    await user.tab();
    await user.tab();
    expect(document.activeElement?.getAttribute("aria-label")).toBe("pear");
    await user.keyboard("{ArrowDown} {End}{Shift>} {/Shift}{Enter}");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("plum");
    expect(chosen()).toBe("2,3");
    expect(opened).toEqual(["plum"]);
    await user.keyboard("{Control>}a{/Control}");
    expect(chosen()).toBe("1,2,3");
  });

  it("keeps a selection when boxes are ticked one after the other", async () => {
    render(<Table />);
    await user.click(screen.getByRole("checkbox", { name: "Select pear" }));
    await user.click(screen.getByRole("checkbox", { name: "Select plum" }));
    expect(chosen()).toBe("1,3");
    expect(opened).toEqual([]);
  });

  it("draws few of many rows", () => {
    render(<Table rows={Array.from({ length: 500 }, (_, id) => ({ id, name: `fruit ${id}`, price: id }))} />);
    expect(screen.getByRole("grid").getAttribute("aria-rowcount")).toBe("501");
    expect(screen.getAllByRole("row").length).toBeLessThan(80);
  });

  it("says what to do where it is empty", () => {
    render(<Table rows={[]} />);
    expect(screen.getByText("No fruit")).toBeTruthy();
  });
});

describe("ErrorNote", () => {
  it("shows message, hint, place and more, as text", () => {
    const error = { code: "x", message: "<b>No</b>", hint: "Do this", place: { node: "model", line: 3 }, errors: [{ code: "y", message: "And this" }] };
    render(<ErrorNote error={error} to={(place) => `?node=${place.node}`} />);
    expect(screen.getByRole("alert").textContent).toContain("<b>No</b>");
    expect(screen.getByText("Do this")).toBeTruthy();
    expect(screen.getByText("And this")).toBeTruthy();
    expect(screen.getByRole("link", { name: "node model, line 3" }).getAttribute("href")).toBe("?node=model");
  });

  it("shows anything that was thrown, and nothing for nothing", () => {
    const { rerender } = render(<ErrorNote error="went wrong" />);
    expect(screen.getByRole("alert").textContent).toContain("went wrong");
    rerender(<ErrorNote error={null} />);
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
