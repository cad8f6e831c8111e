/** The names the application uses for the generated schema types. */
import type * as schema from './generated/types.gen';

export type Session = schema.Session;
export type SessionPage = schema.SessionPage;
export type Message = schema.Message;
export type MessagePage = schema.MessagePage;
export type MessageState = Message['state'];
export type Block = Message['blocks'][number];
export type TextBlock = schema.TextBlock;
export type ReasoningBlock = schema.ReasoningBlock;
export type ToolCallBlock = schema.ToolCallBlock;
export type ApprovalBlock = schema.ApprovalBlock;
export type NoticeBlock = schema.NoticeBlock;
export type Approval = schema.Approval;
export type ErrorInfo = schema.FailureBody;
export type TokenUsage = schema.Usage;
export type Run = schema.Run;
export type RunStarted = schema.StartedRun;
export type Health = schema.Health;
export type RunMode = Health['mode'];
export type RiskLevel = Approval['risk'];

export type Statement = schema.Statement;
export type Decision = schema.Decision;
export type Grant = schema.Grant;
export type Model = schema.Model;
export type UsageSummary = schema.UsageSummary;
export type Me = schema.Me;
export type Role = NonNullable<Me['role']>;
export type Tool = schema.Tool;
export type ToolList = schema.ToolList;
export type Server = schema.Server;
export type AuditPage = schema.AuditPage;
export type AuditRecord = schema.AuditRecord;
