import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense } from "react";
import { createBrowserRouter, type RouteObject } from "react-router";
import { RouterProvider } from "react-router/dom";

import { makeQueryClient } from "./api";
import { cssVariables, theme } from "./design";
import { useLanguage } from "./i18n";
import { Broken, Gate, Waiting } from "./pages/Gate";

const client = makeQueryClient();

/** A page of its own bundle, loaded when it is first visited. */
function page(load: () => Promise<{ default: ComponentType }>) {
  const Page = lazy(load);
  return (
    <Suspense fallback={<Waiting />}>
      <Page />
    </Suspense>
  );
}

const routes: RouteObject[] = [
  { path: "/sign-in", element: page(() => import("./pages/SignInPage")), errorElement: <Broken /> },
  {
    element: <Gate />,
    errorElement: <Broken />,
    children: [
      { path: "/", element: page(() => import("./pages/PipelinesPage")) },
      { path: "/pipelines/:id", element: page(() => import("./pages/pipeline")) },
      { path: "/fleet", element: page(() => import("./pages/FleetPage")) },
      { path: "/runs/:id", element: page(() => import("./pages/RunRedirect")) },
      { path: "/models", element: page(() => import("./pages/ModelsPage")) },
      { path: "/models/:name", element: page(() => import("./pages/ModelPage")) },
      { path: "/settings", element: page(() => import("./pages/SettingsPage")) },
      { path: "*", element: page(() => import("./pages/NotFoundPage")) },
    ],
  },
];

const router = createBrowserRouter(routes);

/** Providers and routes; the pages know each other by URLs only. */
export function App() {
  const language = useLanguage(); // another one draws everything anew
  return (
    <MantineProvider key={language} theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
