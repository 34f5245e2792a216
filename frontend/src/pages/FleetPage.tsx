export default function FleetPage() {
  return <div className="p-page">Fleet</div>;
}
