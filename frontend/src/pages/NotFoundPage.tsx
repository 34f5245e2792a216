import { Link } from "react-router";

import { Empty } from "../design";

export default function NotFoundPage() {
  return (
    <div className="p-page">
      <Empty title="There is no such page" actions={<Link to="/">To the pipelines</Link>}>
        What was here may have been deleted, or belongs to a project that you are not a member of.
      </Empty>
    </div>
  );
}
