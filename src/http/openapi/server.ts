import type { RouteDoc } from "./route-doc.ts";

export const SERVER_ROUTES: readonly RouteDoc[] = [
  {
    method: "get",
    path: "/healthz",
    need: "nothing",
    tag: "server",
    summary: "The process lives.",
    answers: { "200": "It does." },
  },
  {
    method: "get",
    path: "/readyz",
    need: "nothing",
    tag: "server",
    summary: "The store serves.",
    answers: { "200": "It does.", "503": "It does not." },
  },
  {
    method: "get",
    path: "/metrics",
    need: "audit",
    tag: "server",
    summary: "Prometheus metrics.",
    answers: { "200": "Text." },
  },
  {
    method: "get",
    path: "/openapi.json",
    need: "nothing",
    tag: "server",
    summary: "This document.",
    answers: { "200": "OpenAPI 3.1." },
  },
  {
    method: "get",
    path: "/docs",
    need: "nothing",
    tag: "server",
    summary: "This document for people.",
    answers: { "200": "A page." },
  },
];
