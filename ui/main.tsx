import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./design/tokens.css";
import "./design/page.css";
import "./design/pages.css";
import "./design/approvals.css";
import "./design/compare.css";
import "./design/event.css";
import "./design/explore.css";
import "./design/forms.css";
import "./design/integrity.css";
import "./design/overview.css";
import { applyTheme, storedTheme } from "./design/theme.ts";
import { router } from "./router.tsx";

applyTheme(storedTheme());
const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: false } } });
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
