import { create } from "zustand";

/** The time under the pointer in each group of charts, unix seconds: all charts of a group show it. */
interface Hover {
  at: Readonly<Record<string, number | null>>;
  point: (group: string, at: number | null) => void;
}

export const useHover = create<Hover>((set) => ({
  at: {},
  point: (group, at) => set((old) => (old.at[group] === at ? old : { at: { ...old.at, [group]: at } })),
}));
