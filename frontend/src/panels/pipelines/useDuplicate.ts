import { useCreatePipeline } from "../../api";
import { ApiError } from "../../api/errors";
import { fetchWorkingCopy } from "../../api/workingCopy";
import { t } from "../../i18n";
import { copyLayout } from "./exporting";

const NAMES = 50;

interface Original {
  id: number;
  project: string;
  slug: string;
  title: string;
}

/** Makes a pipeline beside another, with all that it says now, or with a text of one's own: the number of the copy. */
export function useDuplicate(): (original: Original, text?: string) => Promise<number> {
  const { mutateAsync } = useCreatePipeline();
  return async (original, text) => {
    const copy = await fetchWorkingCopy(original.id);
    const title = original.title ? t("{title} (copy)", { title: original.title }) : "";
    for (let n = 1; ; n += 1) {
      const slug = `${original.slug.slice(0, 50)}-copy${n > 1 ? `-${n}` : ""}`;
      try {
        const { id } = await mutateAsync({ project: original.project, slug, title, document: text ?? copy.text });
        await copyLayout(id, copy.layout);
        return id;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "name_taken" || n >= NAMES) throw error;
      }
    }
  };
}
