export default function PipelinesPage() {
  return <div className="p-page">Pipelines</div>;
}
