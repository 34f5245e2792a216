/** Components of the project's library, as the canvas offers them beside those of the platform. */

import { useMemo } from "react";

import { type LibraryComponent, useLibrary } from "../../api/library";
import { usePipeline } from "../../api/pipelines";
import { type Catalogue, type Verb, catalogueOf } from "../canvas/catalogue";
import { useEditor } from "../document/editor";

export const LIBRARY = "library";

/** The project's library; undefined while it is not known. */
export function useProjectLibrary() {
  const pipeline = useEditor((state) => state.pipeline);
  const project = usePipeline(pipeline).data?.project ?? null;
  return { project, ...useLibrary(project) };
}

/** All that can be added: what is known, and what the document would get from the library. */
export function useWithLibrary(known: Catalogue): Catalogue {
  const { data } = useProjectLibrary();
  return useMemo(() => withLibrary(known, data ?? []), [known, data]);
}

/** A component that the document has goes before one of the library that is called the same. */
export function withLibrary(known: Catalogue, library: readonly LibraryComponent[]): Catalogue {
  const others = library.filter(({ name }) => !known.has(name));
  if (!known.size || !others.length) return known;
  const declared = catalogueOf(others.map((each) => each.declaration));
  const verbs = others.flatMap((kept): Array<[string, Verb]> => {
    const verb = declared.get(kept.name);
    return verb ? [[kept.name, { ...verb, family: LIBRARY, kept }]] : [];
  });
  return new Map([...known, ...verbs]);
}
