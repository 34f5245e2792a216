import { create } from "zustand";
import { persist } from "zustand/middleware";

/** The project whose things are listed; null for all of one's projects. Kept between visits. */
interface ProjectChoice {
  project: string | null;
  choose: (project: string | null) => void;
}

export const useProject = create<ProjectChoice>()(
  persist((set) => ({ project: null, choose: (project) => set({ project }) }), { name: "porsche.project" }),
);
