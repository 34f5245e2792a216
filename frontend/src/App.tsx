export function App() {
  return <main>Porsche</main>;
}
