import { ApiError } from "../../api";
import { Empty, ErrorNote } from "../../design";
import { said, t } from "../../i18n";

/** What could not be fetched: politely where this platform (or this model) does not have it, else as the error it is. */
export function Unavailable({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  if (error instanceof ApiError && error.unavailable) {
    return <Empty title={what}>{error.hint ? said(error.hint) : t("This platform does not have it, or the model was deleted with its run.")}</Empty>;
  }
  return <ErrorNote error={error} onRetry={onRetry} />;
}
