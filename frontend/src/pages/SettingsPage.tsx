export default function SettingsPage() {
  return <div className="p-page">Settings</div>;
}
