/** The calls of the pages beside the chat: login, tools and servers, audit. */
import * as sdk from './generated/sdk.gen';
import { unwrap } from './request';
import type { AuditPage, Me, Server, Tool, ToolList } from './types';

export function logIn(token: string): Promise<Me> {
  return unwrap(sdk.logIn({ body: { token } }));
}

export function listTools(): Promise<ToolList> {
  return unwrap(sdk.listTools());
}

export function setToolEnabled(name: string, isEnabled: boolean): Promise<Tool> {
  const path = { name };
  return unwrap(isEnabled ? sdk.enableTool({ path }) : sdk.disableTool({ path }));
}

/** With the fingerprint that was looked at, a description that changed meanwhile is not accepted. */
export function acceptTool(name: string, fingerprint: string | null): Promise<Tool> {
  return unwrap(sdk.acceptTool({ path: { name }, body: { fingerprint } }));
}

export async function listServers(): Promise<Server[]> {
  return (await unwrap(sdk.listServers())).items;
}

export function reconnectServer(name: string): Promise<Server> {
  return unwrap(sdk.reconnectServer({ path: { name } }));
}

export function listAudit(query: {
  before?: number;
  limit?: number;
  action?: string;
}): Promise<AuditPage> {
  return unwrap(sdk.listAudit({ query }));
}
