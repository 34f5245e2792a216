export default function SignInPage() {
  return <div className="p-page">SignIn</div>;
}
