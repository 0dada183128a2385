// Short names for what the gateway says, from its OpenAPI document.
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Status = Schemas["Status"];
export type LineStatus = Schemas["LineStatus"];
export type CheckStatus = Schemas["CheckStatus"];
export type ConnectionStatus = Schemas["ConnectionStatus"];
export type OutputStatus = Schemas["OutputStatus"];
export type VerdictView = Schemas["VerdictView"];
export type VerdictPage = Schemas["VerdictPage"];
export type LiveVerdicts = Schemas["LiveVerdicts"];
export type BooksStatus = Schemas["BooksStatus"];
export type SpreadStatus = Schemas["SpreadStatus"];
export type LatencyStatus = Schemas["LatencyStatus"];
export type TagStatus = Schemas["TagStatus"];
export type TagHistory = Schemas["TagHistory"];
export type Fault = Schemas["Problem"];
export type EventView = Schemas["EventView"];
export type ModelEntry = Schemas["ModelEntry"];
export type Session = Schemas["SessionAnswer"];
export type Role = Schemas["Role"];
export type User = Schemas["UserView"];
export type Token = Schemas["TokenView"];
export type AuditEvent = Schemas["AuditView"];
export type Kind = "pass" | "fail" | "inconclusive";
