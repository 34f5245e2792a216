export default function ModelPage() {
  return <div className="p-page">Model</div>;
}
