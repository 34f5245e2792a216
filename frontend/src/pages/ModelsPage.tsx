export default function ModelsPage() {
  return <div className="p-page">Models</div>;
}
