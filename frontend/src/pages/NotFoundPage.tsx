import { Link } from "react-router";

import { Empty, PageHead } from "../design";
import { t } from "../i18n";

export default function NotFoundPage() {
  return (
    <div className="p-page">
      <PageHead title={t("There is no such page")} />
      <Empty title={t("Nothing to show")} actions={<Link to="/">{t("To the pipelines")}</Link>}>
        {t("What was here may have been deleted, or belongs to a project that you are not a member of.")}
      </Empty>
    </div>
  );
}
