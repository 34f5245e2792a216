import { Link } from "react-router";

import { Empty, PageHead } from "../design";

export default function NotFoundPage() {
  return (
    <div className="p-page">
      <PageHead title="There is no such page" />
      <Empty title="Nothing to show" actions={<Link to="/">To the pipelines</Link>}>
        What was here may have been deleted, or belongs to a project that you are not a member of.
      </Empty>
    </div>
  );
}
