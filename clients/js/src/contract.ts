// Generated from the declarations in crates/contract by `node scripts/describe.mjs`: change those, not this.

/** The failed authentications of a hub. */
export interface AuthenticationFigure {
  /** The hub's name. */
  hub: string;
  /** How many so far. */
  total: number;
}

/** How grave an alert is. */
export type BudgetSeverity = 'info' | 'warning' | 'critical';

/** Whether deliveries to a URL go out. */
export type CircuitBreakerState = 'Closed' | 'Open' | 'HalfOpen';

/** The connections of a hub. */
export interface ConnectionFigure {
  /** The hub's name. */
  hub: string;
  /** Open ones. */
  active: number;
}

/** What an object holds. */
export interface Description {
  /** Open connections, of all hubs. */
  connections: number;
  /** Its groups, of all hubs. */
  groups: GroupDescription[];
  /** How often it was woken since it was made. */
  wakes: number;
  /** The events that it keeps. */
  journal: JournalDescription;
}

/** Which way a message goes. */
export type Direction = 'in' | 'out';

/** When an event was accepted, its id, and what it belongs to. */
export interface EventMeta {
  /** When the event was accepted. */
  timestamp: string;
  /** Unique and sortable for its key. */
  eventId: string;
  /** What ties it to its cause. */
  correlationId?: string;
}

/** A group and its size. */
export interface GroupDescription {
  /** Its name. */
  name: string;
  /** How many connections are in it. */
  connections: number;
}

/** How a provider works. */
export type HealthStatus = 'Healthy' | 'Degraded' | 'Unhealthy';

/** The events that are kept for who was away. */
export interface JournalDescription {
  /** How many. */
  events: number;
  /** The first of them. */
  oldestEventId?: string;
  /** The last of them. */
  newestEventId?: string;
}

/** A bucket of a histogram. */
export interface LatencyBucket {
  /** Its upper bound, in seconds. */
  le: number;
  /** How many were no longer. */
  count: number;
}

/** A histogram of durations. */
export interface LatencyHistogram {
  /** How many durations were counted. */
  count: number;
  /** Their sum, in seconds. */
  sumSeconds: number;
  /** How many were no longer than each bound. */
  buckets: LatencyBucket[];
}

/** The messages of a hub in one direction. */
export interface MessageFigure {
  /** The hub's name. */
  hub: string;
  /** From clients, or to them. */
  direction: Direction;
  /** How many so far. */
  total: number;
}

/** What is counted. */
export interface MetricsSnapshot {
  /** When the figures were taken: of several, when the last was. */
  timestamp: string;
  /** Open connections, by hub. */
  connections: ConnectionFigure[];
  /** Messages so far, by hub and direction. */
  messages: MessageFigure[];
  /** Connections so far that took the place of an earlier one. */
  reconnections: number;
  /** Failed authentications so far, by hub. */
  authenticationFailures: AuthenticationFigure[];
  /** How long events took from being accepted to being sent. */
  messageLatency: LatencyHistogram;
  /** Virtual keys with a connection. */
  onlineKeys: number;
  /** Ids so far that were forgotten before their time, because there were too many. */
  deduplicationEvictions: number;
  /** Events so far that were more than `HUB_LIMITS` allows. */
  limitedMessages: number;
  /** Events that wait in the queue. */
  queueDepth: number;
  /** Events that could not be delivered and wait for an operator. */
  deadLetters: number;
  /** Realtime sessions that go on. */
  realtimeSessions: number;
}

/** What a model can do. */
export interface ModelCapability {
  /** The model. */
  model: string;
  /** What it can do, such as `chat`, `vision`, `embeddings`, `image_generation` and `video_generation`. */
  capabilities: string[];
}

/**
 * What a key wants to hear: `{enabledTypes: ["provider_health", …], minimumPriority: "Low"}`. All of it, until changed.
 */
export interface NotificationPreferences {
  /** The types that are heard. */
  enabledTypes: NotificationType[];
  /** Events that matter less are not heard. */
  minimumPriority: Severity;
}

/** A type of system events, as preferences name it. */
export type NotificationType =
  | 'provider_health'
  | 'rate_limit'
  | 'system_announcement'
  | 'service_degradation'
  | 'model_mapping'
  | 'model_capabilities'
  | 'model_availability';

/** Preferences as a client gives them. */
export interface PreferencesArgument {
  /** The types to be heard; left out, all. */
  enabledTypes?: NotificationType[] | null;
  /** Events that matter less are not heard; left out, `Low`. */
  minimumPriority?: Severity | null;
}

/** What is known of a provider's health. */
export interface ProviderHealthRecord {
  /** The provider. */
  provider: string;
  /** How it works. */
  status: HealthStatus;
  /** Whether that is `Healthy`. */
  isHealthy: boolean;
  /** How long the check took, in milliseconds, where one was made and answered. */
  responseTimeMs?: number;
  /** What is wrong, for a person. */
  message?: string;
  /** When it was checked or reported. */
  checkedAt: string;
}

/** Where a realtime session stands. */
export type RealtimeSessionState = 'Connecting' | 'Active' | 'Closing' | 'Closed' | 'Failed';

/** What a later connection comes back with. */
export interface ResumeToken {
  /** The connection that the token stands for. */
  connectionId: string;
  /** The secret. */
  resumeToken: string;
}

/** What came of coming back. */
export interface Resumed {
  /** Whether nothing was lost. Where it is false, the client must read its state anew. */
  recovered: boolean;
  /** The groups that were joined again. */
  restoredGroups: string[];
  /** How many events were sent again. */
  replayed: number;
}

/**
 * How much a notice matters: the severity of an announcement or an alert, and the priority that a client's preferences
 * ask for. A later one matters more.
 */
export type Severity = 'Low' | 'Medium' | 'High' | 'Critical';

/** How spending is unusual. */
export type SpendActivity = 'spend_spike' | 'sustained_high_spending';

/** How a period compares with the one before. */
export interface SpendComparison {
  /** What was spent then. */
  previousPeriodSpend: number;
  /** How much more it is now; less than 0 is less. */
  changeAmount: number;
  /** The same in percent of what was spent then. */
  changePercentage: number;
  /** Where that leads. */
  trend: SpendTrend;
}

/** A provider's or a model's part of what was spent. */
export interface SpendShare {
  /** Its name, or `unknown` for what was recorded without one. */
  name: string;
  /** What it cost. */
  spend: number;
  /** How much of everything that is, in percent. */
  percentage: number;
  /** How many requests it had. */
  requestCount: number;
}

/** Where spending leads. */
export type SpendTrend = 'up' | 'down' | 'stable';

/** What a summary is of. */
export type SummaryPeriod = 'daily' | 'weekly' | 'monthly';

/** How a key's deliveries to a URL went. All is zero where there were none. */
export interface WebhookStatistics {
  /** The URL. */
  url: string;
  /** All of them: those that arrived, that were given up, and that are pending. */
  totalDeliveries: number;
  /** Those that arrived. */
  successfulDeliveries: number;
  /** Those that were given up. */
  failedDeliveries: number;
  /** Those that neither arrived nor were given up. */
  pendingDeliveries: number;
  /** How many of those that ended arrived, in percent. */
  successRate: number;
  /** How long the answer took on average where a delivery arrived, in milliseconds. */
  averageResponseTimeMs: number;
  /** Whether deliveries to the URL go out. */
  circuitBreakerState: CircuitBreakerState;
}

/** A key's spending reached a threshold of its budget. */
export interface BudgetAlertEvent extends EventMeta {
  /** The key. */
  virtualKeyId: string;
  /** `budget_{threshold}_percent`, or `budget_exceeded` from 100 on. */
  alertType: string;
  /** The threshold, in percent. */
  threshold: number;
  /** How much of the budget is spent, in percent. */
  percentageUsed: number;
  /** What is spent in this period. */
  currentSpend: number;
  /** What may be spent in it. */
  budgetLimit: number;
  /** How grave that is. */
  severity: BudgetSeverity;
  /** The same in words. */
  message: string;
  /** What can be done about it. */
  recommendations: string[];
  /** When the budget begins anew; absent if never. */
  periodEnd?: string;
}

/** Says that deliveries to a URL wait, or go out again. The delivery is the one that brought it about, if one did. */
export interface CircuitBreakerStateChangedEvent extends EventMeta {
  /** The delivery. */
  deliveryId?: string;
  /** The URL. */
  url: string;
  /** What the delivery tells of. */
  eventType?: string;
  /** The task that it tells of. */
  taskId?: string;
  /** Which attempt it was, from 1. */
  attempt?: number;
  /** What it was. */
  previousState: CircuitBreakerState;
  /** What it is. */
  currentState: CircuitBreakerState;
}

/** Somebody changed a setting. */
export interface ConfigurationChangedEvent extends EventMeta {
  /** Which one; never its value. */
  setting: string;
  /** Who did it, if that is known. */
  changedBy?: string;
}

/** A virtual key has more or fewer connections than before. */
export interface ConnectionCountChangedEvent extends EventMeta {
  /** The key. */
  virtualKeyId: string;
  /** How many it has now, on all hubs. */
  connections: number;
}

/** Says that a delivery is being tried. */
export interface DeliveryAttemptedEvent extends EventMeta {
  /** The delivery, unique for its URL. */
  deliveryId: string;
  /** Where it goes. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The task that it tells of. */
  taskId?: string;
  /** Which attempt this is, from 1. */
  attempt: number;
}

/** Says that an attempt failed, or the delivery with it. */
export interface DeliveryFailedEvent extends EventMeta {
  /** The delivery, unique for its URL. */
  deliveryId: string;
  /** Where it was to go. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The task that it tells of. */
  taskId?: string;
  /** Which attempt this was, from 1. */
  attempt: number;
  /** What went wrong, without stack trace. */
  error: string;
  /** The HTTP status, if there was an answer. */
  statusCode?: number;
  /** Whether the delivery is given up. */
  isFinal: boolean;
}

/** Says that a delivery arrived. */
export interface DeliverySucceededEvent extends EventMeta {
  /** The delivery, unique for its URL. */
  deliveryId: string;
  /** Where it went. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The task that it tells of. */
  taskId?: string;
  /** Which attempt this was, from 1. */
  attempt: number;
  /** The HTTP status that was answered. */
  statusCode: number;
  /** How long the answer took, in milliseconds. */
  responseTimeMs: number;
}

/** What the caller asked for can't be done. The invocation itself completes. */
export interface ErrorEvent extends EventMeta {
  /** Why, for a person. */
  message: string;
}

/** A key's spending reached 90 % of its budget or more. */
export interface HighSpendAlertEvent extends EventMeta {
  /** The key. */
  virtualKeyId: string;
  /** `budget_{threshold}_percent`, or `budget_exceeded` from 100 on. */
  alertType: string;
  /** The threshold, in percent. */
  threshold: number;
  /** How much of the budget is spent, in percent. */
  percentageUsed: number;
  /** What is spent in this period. */
  currentSpend: number;
  /** What may be spent in it. */
  budgetLimit: number;
  /** How grave that is. */
  severity: BudgetSeverity;
  /** The same in words. */
  message: string;
  /** What can be done about it. */
  recommendations: string[];
  /** When the budget begins anew; absent if never. */
  periodEnd?: string;
}

/** Says that somebody ended the work on images. */
export interface ImageCancelledEvent extends EventMeta {
  /** The task. */
  taskId: string;
  /** Why. */
  reason?: string;
}

/** Says that images are ready. */
export interface ImageCompletedEvent extends EventMeta {
  /** The task. */
  taskId: string;
  /** Where the images are. */
  imageUrls: string[];
  /** Where a preview of them is. */
  previewUrl?: string;
  /** How long it took, in seconds. */
  durationSeconds?: number;
  /** Their width and height, such as `1024x1024`. */
  resolution?: string;
  /** Their size in bytes, together. */
  fileSize?: number;
  /** What it cost. */
  cost?: number;
  /** Who made it. */
  provider?: string;
  /** With which model. */
  model?: string;
}

/** Says that images could not be made. */
export interface ImageFailedEvent extends EventMeta {
  /** The task. */
  taskId: string;
  /** What went wrong, without stack trace. */
  error: string;
  /** The same for a program. */
  errorCode?: string;
  /** Whether it may go better another time. */
  isRetryable: boolean;
  /** How often it was tried again. */
  retryCount?: number;
  /** How often it may be tried again. */
  maxRetries?: number;
  /** When it is tried again. */
  nextRetryAt?: string;
}

/** Says how far images are. */
export interface ImageProgressEvent extends EventMeta {
  /** The task. */
  taskId: string;
  /** How far it is, in percent. */
  percentage: number;
  /** What it is doing, in a word. */
  status: string;
  /** What it is doing, for a person. */
  message?: string;
  /** How many images are done. */
  imagesCompleted?: number;
  /** How many images there will be. */
  totalImages?: number;
  /** Where the images are that are done. */
  imageUrls: string[];
}

/** Says that work on images began. */
export interface ImageStartedEvent extends EventMeta {
  /** The task. */
  taskId: string;
  /** Who makes it. */
  provider?: string;
  /** With which model. */
  model?: string;
  /** How long it is thought to take, in seconds. */
  estimatedSeconds?: number;
  /** How many images are to be made. */
  totalImages?: number;
}

/** What is known of a provider's health. */
export interface ProviderHealthStatusEvent extends EventMeta {
  /** The provider. */
  provider: string;
  /** How it works. */
  status: HealthStatus;
  /** Whether that is `Healthy`. */
  isHealthy: boolean;
  /** How long the check took, in milliseconds, where one was made and answered. */
  responseTimeMs?: number;
  /** What is wrong, for a person. */
  message?: string;
  /** When it was checked or reported. */
  checkedAt: string;
}

/** A realtime session of a virtual key began, went on or ended. */
export interface RealtimeSessionChangedEvent extends EventMeta {
  /** The key. */
  virtualKeyId: string;
  /** The session. */
  connectionId: string;
  /** Where it stands now. */
  state: RealtimeSessionState;
}

/** Says when a delivery is tried again. */
export interface RetryScheduledEvent extends EventMeta {
  /** The delivery, unique for its URL. */
  deliveryId: string;
  /** Where it is to go. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The task that it tells of. */
  taskId?: string;
  /** Which attempt is to come, from 1. */
  attempt: number;
  /** In how many seconds. */
  delaySeconds: number;
  /** When that is. */
  scheduledAt: string;
}

/** What a key spent in a day, a week or a month. */
export interface SpendSummaryEvent extends EventMeta {
  /** What it is of. */
  period: SummaryPeriod;
  /** When that began. */
  from: string;
  /** When it was over: the midnight after its last day. */
  to: string;
  /** What was spent. */
  totalSpend: number;
  /** In how many requests. */
  requestCount: number;
  /** What one of them cost on average. */
  averageRequestCost: number;
  /** The providers that cost most, at most ten, the dearest first. */
  topProviders: SpendShare[];
  /** The models that cost most, likewise. */
  topModels: SpendShare[];
  /** How that was the period before; absent if nothing was spent in it. */
  comparison?: SpendComparison;
}

/** A key's spending went on: what one or more records added to what was told before. */
export interface SpendUpdateEvent extends EventMeta {
  /** The key. */
  virtualKeyId: string;
  /** What was added; 0 on connecting. */
  delta: number;
  /** What was told before: 0 where a period begins. */
  previousSpend: number;
  /** What is spent in this period: `previousSpend` and `delta`. */
  currentSpend: number;
  /** What may be spent in it; absent without a budget, like the two below. */
  budget?: number;
  /** What is left of it, never below 0. */
  budgetRemaining?: number;
  /** How much of it is spent, in percent. */
  budgetPercentage?: number;
  /** How many records were added. */
  requests: number;
  /** The provider of the last of them. */
  provider?: string;
  /** The model of the last of them. */
  model?: string;
}

/** An operator should look at something. */
export interface SystemAlertEvent extends EventMeta {
  /** How much it matters. */
  severity: Severity;
  /** What it is about. */
  title: string;
  /** What it says; without stack trace. */
  message: string;
  /** Who says it. */
  source: string;
}

/** A key's spending is unlike what it was, or high for long. */
export interface UnusualSpendingDetectedEvent extends EventMeta {
  /** How it is unusual. */
  activityType: SpendActivity;
  /** The same in words. */
  description: string;
  /** What was spent in the last hour. */
  currentRate: number;
  /** What was spent in the hour before. */
  normalRate: number;
  /** How much more that is, in percent; 0 where spending is only high. */
  deviationPercentage: number;
  /** What can be done about it. */
  recommendations: string[];
}

/** Says that somebody ended the work on a video. */
export interface VideoCancelledEvent extends EventMeta {
  /** The request, which is the task's id too. */
  requestId: string;
  /** Why. */
  reason?: string;
}

/** Says that a video is ready. */
export interface VideoCompletedEvent extends EventMeta {
  /** The request, which is the task's id too. */
  requestId: string;
  /** Where the video is. */
  videoUrl: string;
  /** Where a still of it is. */
  previewUrl?: string;
  /** How long the video runs, in seconds. */
  durationSeconds?: number;
  /** Its width and height, such as `1280x720`. */
  resolution?: string;
  /** Its size in bytes. */
  fileSize?: number;
  /** What it cost. */
  cost?: number;
  /** Who made it. */
  provider?: string;
  /** With which model. */
  model?: string;
}

/** Says that a video could not be made. */
export interface VideoFailedEvent extends EventMeta {
  /** The request, which is the task's id too. */
  requestId: string;
  /** What went wrong, without stack trace. */
  error: string;
  /** The same for a program. */
  errorCode?: string;
  /** Whether it may go better another time. */
  isRetryable: boolean;
  /** How often it was tried again. */
  retryCount?: number;
  /** How often it may be tried again. */
  maxRetries?: number;
  /** When it is tried again. */
  nextRetryAt?: string;
}

/** Says how far a video is. */
export interface VideoProgressEvent extends EventMeta {
  /** The request, which is the task's id too. */
  requestId: string;
  /** How far it is, in percent. */
  percentage: number;
  /** What it is doing, in a word. */
  status: string;
  /** What it is doing, for a person. */
  message?: string;
  /** How many frames are done. */
  framesCompleted?: number;
  /** How many frames there will be. */
  totalFrames?: number;
}

/** Says that work on a video began. */
export interface VideoStartedEvent extends EventMeta {
  /** The request, which is the task's id too. */
  requestId: string;
  /** Who makes it. */
  provider?: string;
  /** With which model. */
  model?: string;
  /** How long it is thought to take, in seconds. */
  estimatedSeconds?: number;
}

/** There is a new virtual key. */
export interface VirtualKeyCreatedEvent extends EventMeta {
  /** The key. */
  virtualKeyId: string;
  /** What the operator calls it. */
  name: string;
  /** The names of what is different about it, never the values. */
  changedProperties?: string[];
}

/** A virtual key is no more. */
export interface VirtualKeyDeletedEvent extends EventMeta {
  /** The key. */
  virtualKeyId: string;
  /** What the operator calls it. */
  name: string;
  /** The names of what is different about it, never the values. */
  changedProperties?: string[];
}

/** A virtual key is another than before. */
export interface VirtualKeyUpdatedEvent extends EventMeta {
  /** The key. */
  virtualKeyId: string;
  /** What the operator calls it. */
  name: string;
  /** The names of what is different about it, never the values. */
  changedProperties?: string[];
}

/** What the data of every event may have. */
export interface DomainEventData {
  /** When it happened; the envelope's `time` counts where this is absent. */
  timestamp?: string | null;
  /** What ties it to its cause; the envelope's `correlationid` counts where this is absent. */
  correlationId?: string | null;
}

/** Makes a task known before anything happens, so that a client can be handed its id and subscribe at once. */
export interface TaskRegisteredData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** What it does. */
  taskType: string;
  /** How long it may take, from when this event is applied. */
  deadlineSeconds?: number | null;
}

/** Says that work on a task began. */
export interface TaskStartedData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** What it does. */
  taskType: string;
  /** Whatever the producer wants clients to know, of any shape. */
  metadata?: unknown;
  /** How long it may take, from when this event is applied. */
  deadlineSeconds?: number | null;
  /** The task that this one is a part of. */
  parentTaskId?: string | number | null;
}

/** Says how far a task is. */
export interface TaskProgressData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** How far it is, in percent. */
  percentComplete: number;
  /** What it is doing. */
  message?: string | null;
  /** How many of `total` parts are done. */
  completed?: number | null;
  /** How many parts there are. */
  total?: number | null;
}

/** Says that a task ended well. */
export interface TaskCompletedData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** What came of it, of any shape. */
  result?: unknown;
}

/** Says that a task ended badly. */
export interface TaskFailedData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** What went wrong, without stack trace. */
  error: string;
  /** More about it, of any shape; a text is without stack trace. */
  details?: unknown;
  /** Whether it may go better another time. */
  isRetryable?: boolean | null;
}

/** Says that somebody ended a task. */
export interface TaskCancelledData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** Why. */
  reason?: string | null;
}

/** Says that a task took too long. */
export interface TaskTimedOutData extends DomainEventData {
  /** The task. */
  taskId: string | number;
}

/** Says that work on a video began. */
export interface VideoStartedData extends DomainEventData {
  /** The request, which is the task's id too. */
  requestId: string | number;
  /** Who makes it. */
  provider?: string | null;
  /** With which model. */
  model?: string | null;
  /** How long it is thought to take, in seconds. */
  estimatedSeconds?: number | null;
}

/** Says how far a video is. */
export interface VideoProgressData extends DomainEventData {
  /** The request, which is the task's id too. */
  requestId: string | number;
  /** How far it is, in percent. */
  percentage: number;
  /** What it is doing, in a word. */
  status: string;
  /** What it is doing, for a person. */
  message?: string | null;
  /** How many frames are done. */
  framesCompleted?: number | null;
  /** How many frames there will be. */
  totalFrames?: number | null;
}

/** Says that a video is ready. */
export interface VideoCompletedData extends DomainEventData {
  /** The request, which is the task's id too. */
  requestId: string | number;
  /** Where the video is. */
  videoUrl: string;
  /** Where a still of it is. */
  previewUrl?: string | null;
  /** How long the video runs, in seconds. */
  durationSeconds?: number | null;
  /** Its width and height, such as `1280x720`. */
  resolution?: string | null;
  /** Its size in bytes. */
  fileSize?: number | null;
  /** What it cost. */
  cost?: number | string | null;
  /** Who made it. */
  provider?: string | null;
  /** With which model. */
  model?: string | null;
}

/** Says that a video could not be made. */
export interface VideoFailedData extends DomainEventData {
  /** The request, which is the task's id too. */
  requestId: string | number;
  /** What went wrong, without stack trace. */
  error: string;
  /** The same for a program. */
  errorCode?: string | null;
  /** Whether it may go better another time. */
  isRetryable: boolean;
  /** How often it was tried again. */
  retryCount?: number | null;
  /** How often it may be tried again. */
  maxRetries?: number | null;
  /** When it is tried again. */
  nextRetryAt?: string | null;
}

/** Says that somebody ended the work on a video. */
export interface VideoCancelledData extends DomainEventData {
  /** The request, which is the task's id too. */
  requestId: string | number;
  /** Why. */
  reason?: string | null;
}

/** Says that work on images began. */
export interface ImageStartedData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** Who makes it. */
  provider?: string | null;
  /** With which model. */
  model?: string | null;
  /** How long it is thought to take, in seconds. */
  estimatedSeconds?: number | null;
  /** How many images are to be made. */
  totalImages?: number | null;
}

/** Says how far images are. */
export interface ImageProgressData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** How far it is, in percent. */
  percentage: number;
  /** What it is doing, in a word. */
  status: string;
  /** What it is doing, for a person. */
  message?: string | null;
  /** How many images are done. */
  imagesCompleted?: number | null;
  /** How many images there will be. */
  totalImages?: number | null;
  /** Where the images are that are done. */
  imageUrls?: string[];
}

/** Says that images are ready. */
export interface ImageCompletedData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** Where the images are. */
  imageUrls: string[];
  /** Where a preview of them is. */
  previewUrl?: string | null;
  /** How long it took, in seconds. */
  durationSeconds?: number | null;
  /** Their width and height, such as `1024x1024`. */
  resolution?: string | null;
  /** Their size in bytes, together. */
  fileSize?: number | null;
  /** What it cost. */
  cost?: number | string | null;
  /** Who made it. */
  provider?: string | null;
  /** With which model. */
  model?: string | null;
}

/** Says that images could not be made. */
export interface ImageFailedData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** What went wrong, without stack trace. */
  error: string;
  /** The same for a program. */
  errorCode?: string | null;
  /** Whether it may go better another time. */
  isRetryable: boolean;
  /** How often it was tried again. */
  retryCount?: number | null;
  /** How often it may be tried again. */
  maxRetries?: number | null;
  /** When it is tried again. */
  nextRetryAt?: string | null;
}

/** Says that somebody ended the work on images. */
export interface ImageCancelledData extends DomainEventData {
  /** The task. */
  taskId: string | number;
  /** Why. */
  reason?: string | null;
}

/** Says that a request of a key cost something. */
export interface SpendRecordedData extends DomainEventData {
  /** What it cost; 0 counts as a request. */
  amount: number | string;
  /** Who was paid. */
  provider?: string | number | null;
  /** For which model. */
  model?: string | number | null;
  /** The request. */
  requestId?: string | number | null;
  /** How many tokens went in. */
  inputTokens?: number | null;
  /** How many tokens came out. */
  outputTokens?: number | null;
}

/** Says that a delivery is being tried. */
export interface WebhookDeliveryAttemptedData extends DomainEventData {
  /** The delivery, unique for its URL. */
  deliveryId: string | number;
  /** Where it goes. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The task that it tells of. */
  taskId?: string | number | null;
  /** Which attempt this is, from 1. */
  attempt: number;
}

/** Says that a delivery arrived. */
export interface WebhookDeliverySucceededData extends DomainEventData {
  /** The delivery, unique for its URL. */
  deliveryId: string | number;
  /** Where it went. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The task that it tells of. */
  taskId?: string | number | null;
  /** Which attempt this was, from 1. */
  attempt: number;
  /** The HTTP status that was answered. */
  statusCode: number;
  /** How long the answer took, in milliseconds. */
  responseTimeMs: number;
}

/** Says that an attempt failed, or the delivery with it. */
export interface WebhookDeliveryFailedData extends DomainEventData {
  /** The delivery, unique for its URL. */
  deliveryId: string | number;
  /** Where it was to go. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The task that it tells of. */
  taskId?: string | number | null;
  /** Which attempt this was, from 1. */
  attempt: number;
  /** What went wrong, without stack trace. */
  error: string;
  /** The HTTP status, if there was an answer. */
  statusCode?: number | null;
  /** Whether the delivery is given up. */
  isFinal: boolean;
}

/** Says when a delivery is tried again. */
export interface WebhookDeliveryRetryScheduledData extends DomainEventData {
  /** The delivery, unique for its URL. */
  deliveryId: string | number;
  /** Where it is to go. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The task that it tells of. */
  taskId?: string | number | null;
  /** Which attempt is to come, from 1. */
  attempt: number;
  /** In how many seconds. */
  delaySeconds: number;
  /** When that is. */
  scheduledAt: string;
}

/** Has Conduit deliver a webhook: `POST`ed as JSON, signed, and tried again where that helps. */
export interface WebhookDeliveryRequestedData extends DomainEventData {
  /** Where it goes: `https`, to a public host, unless `ALLOW_PRIVATE_TARGETS` says otherwise. */
  url: string;
  /** What it tells of, such as `video.completed`. */
  eventType: string;
  /** The body, as it is sent. */
  payload: unknown;
  /** Headers beside Conduit's own, such as the receiver's credentials. Nobody but the receiver is shown them. */
  headers?: Record<string, string>;
  /** The task that it tells of. */
  taskId?: string | number | null;
}

/** A provider works better or worse than before. */
export interface ProviderHealthChangedData extends DomainEventData {
  /** The provider. */
  provider: string | number;
  /** How it works now. */
  status: HealthStatus;
  /** More about it, for a person; without stack trace. */
  message?: string | null;
}

/** A virtual key has few requests left. */
export interface RateLimitWarningData extends DomainEventData {
  /** Where the limit holds. */
  endpoint: string;
  /** Requests left. */
  remaining: number;
  /** When there are more again. */
  resetTime: string;
}

/** Something that everybody should know. */
export interface SystemAnnouncementData extends DomainEventData {
  /** What it is about. */
  title: string;
  /** What it says; without stack trace. */
  message: string;
  /** How much it matters. */
  severity: Severity;
}

/** A part of the system works worse than it should. */
export interface ServiceDegradedData extends DomainEventData {
  /** Which part. */
  service: string;
  /** Why; without stack trace. */
  reason: string;
}

/** A part of the system works again. */
export interface ServiceRestoredData extends DomainEventData {
  /** Which part. */
  service: string;
}

/** A model is served by another provider, or by none. */
export interface ModelMappingChangedData extends DomainEventData {
  /** The model, by the name that clients use. */
  model: string;
  /** Who serves it now, where that is told. */
  newProvider?: string | number | null;
}

/** What a provider's models can do became known. */
export interface ModelCapabilitiesDiscoveredData extends DomainEventData {
  /** The provider. */
  provider: string | number;
  /** Its models. */
  capabilities: ModelCapability[];
}

/** A model can be used, or can't any more. */
export interface ModelAvailabilityChangedData extends DomainEventData {
  /** The model. */
  model: string;
  /** Whether it can be used. */
  isAvailable: boolean;
}

/** An operator should look at something. */
export interface SystemAlertData extends DomainEventData {
  /** How much it matters. */
  severity: Severity;
  /** What it is about. */
  title: string;
  /** What it says; without stack trace. */
  message: string;
  /** Who says it. */
  source: string;
}

/** Somebody changed a setting. */
export interface ConfigurationChangedData extends DomainEventData {
  /** Which one; never its value. */
  setting: string;
  /** Who did it, if that is known. */
  changedBy?: string | null;
}

/** The `data` of each CloudEvent that `POST /v1/events` understands, by its `type`. */
export interface DomainEvents {
  TaskRegistered: TaskRegisteredData;
  TaskStarted: TaskStartedData;
  TaskProgress: TaskProgressData;
  TaskCompleted: TaskCompletedData;
  TaskFailed: TaskFailedData;
  TaskCancelled: TaskCancelledData;
  TaskTimedOut: TaskTimedOutData;
  VideoStarted: VideoStartedData;
  VideoProgress: VideoProgressData;
  VideoCompleted: VideoCompletedData;
  VideoFailed: VideoFailedData;
  VideoCancelled: VideoCancelledData;
  ImageStarted: ImageStartedData;
  ImageProgress: ImageProgressData;
  ImageCompleted: ImageCompletedData;
  ImageFailed: ImageFailedData;
  ImageCancelled: ImageCancelledData;
  SpendRecorded: SpendRecordedData;
  WebhookDeliveryAttempted: WebhookDeliveryAttemptedData;
  WebhookDeliverySucceeded: WebhookDeliverySucceededData;
  WebhookDeliveryFailed: WebhookDeliveryFailedData;
  WebhookDeliveryRetryScheduled: WebhookDeliveryRetryScheduledData;
  WebhookDeliveryRequested: WebhookDeliveryRequestedData;
  ProviderHealthChanged: ProviderHealthChangedData;
  RateLimitWarning: RateLimitWarningData;
  SystemAnnouncement: SystemAnnouncementData;
  ServiceDegraded: ServiceDegradedData;
  ServiceRestored: ServiceRestoredData;
  ModelMappingChanged: ModelMappingChangedData;
  ModelCapabilitiesDiscovered: ModelCapabilitiesDiscoveredData;
  ModelAvailabilityChanged: ModelAvailabilityChangedData;
  SystemAlert: SystemAlertData;
  ConfigurationChanged: ConfigurationChangedData;
}

/** What clients of every hub may invoke. */
export interface CommonMethods {
  /** Answers a secret with which a later connection takes this one's place. It is valid as long as events are kept. */
  GetResumeToken(): Promise<ResumeToken>;
  /** Joins the groups of an earlier connection again, and sends what was missed after the last event that it saw. */
  Resume(resumeToken: string, lastEventId?: string): Promise<Resumed>;
}

/** What clients of `VideoGenerationHub` are told, each with the arguments of its handler. */
export interface VideoGenerationHubEvents {
  /** Says that work on a video began. */
  VideoStarted: [event: VideoStartedEvent];
  /** Says how far a video is. */
  VideoProgress: [event: VideoProgressEvent];
  /** Says that a video is ready. */
  VideoCompleted: [event: VideoCompletedEvent];
  /** Says that a video could not be made. */
  VideoFailed: [event: VideoFailedEvent];
  /** Says that somebody ended the work on a video. */
  VideoCancelled: [event: VideoCancelledEvent];
}

/** What clients of `VideoGenerationHub` may invoke. */
export interface VideoGenerationHubMethods extends CommonMethods {
  /** Subscribes to the making of one video. Its state is sent at once, before the invocation completes. */
  SubscribeToRequest(requestId: string | number): Promise<void>;
  /** Ends the subscription to one video. It never fails. */
  UnsubscribeFromRequest(requestId: string | number): Promise<void>;
  /** Subscribes to the making of one video. Its state is sent at once, before the invocation completes. */
  SubscribeToVideoGeneration(requestId: string | number): Promise<void>;
  /** Ends the subscription to one video. It never fails. */
  UnsubscribeFromVideoGeneration(requestId: string | number): Promise<void>;
  /** Subscribes to the making of one video. Its state is sent at once, before the invocation completes. */
  SubscribeToTask(taskId: string | number): Promise<void>;
  /** Ends the subscription to one video. It never fails. */
  UnsubscribeFromTask(taskId: string | number): Promise<void>;
}

/** What clients of `ImageGenerationHub` are told, each with the arguments of its handler. */
export interface ImageGenerationHubEvents {
  /** Says that work on images began. */
  ImageStarted: [event: ImageStartedEvent];
  /** Says how far images are. */
  ImageProgress: [event: ImageProgressEvent];
  /** Says that images are ready. */
  ImageCompleted: [event: ImageCompletedEvent];
  /** Says that images could not be made. */
  ImageFailed: [event: ImageFailedEvent];
  /** Says that somebody ended the work on images. */
  ImageCancelled: [event: ImageCancelledEvent];
}

/** What clients of `ImageGenerationHub` may invoke. */
export interface ImageGenerationHubMethods extends CommonMethods {
  /** Subscribes to the making of images. Its state is sent at once, before the invocation completes. */
  SubscribeToTask(taskId: string | number): Promise<void>;
  /** Ends the subscription to the making of images. It never fails. */
  UnsubscribeFromTask(taskId: string | number): Promise<void>;
}

/** What clients of `TaskHub` are told, each with the arguments of its handler. */
export interface TaskHubEvents {
  /** A task began, or has other metadata. */
  TaskStarted: [taskId: string, taskType: string, metadata: unknown, meta?: EventMeta];
  /** How far a task is. */
  TaskProgress: [taskId: string, percentComplete: number, message: string | null, meta?: EventMeta];
  /** A task ended well. */
  TaskCompleted: [taskId: string, result: unknown, meta?: EventMeta];
  /** A task ended badly. */
  TaskFailed: [taskId: string, error: string, details: unknown, meta?: EventMeta];
  /** Somebody ended a task. */
  TaskCancelled: [taskId: string, reason: string | null, meta?: EventMeta];
  /** A task took too long. */
  TaskTimedOut: [taskId: string, meta?: EventMeta];
}

/** What clients of `TaskHub` may invoke. */
export interface TaskHubMethods extends CommonMethods {
  /** Subscribes to one task. Its state is sent at once, before the invocation completes. */
  SubscribeToTask(taskId: string | number): Promise<void>;
  /** Ends the subscription to one task. It never fails. */
  UnsubscribeFromTask(taskId: string | number): Promise<void>;
  /** Subscribes to all of the key's tasks of a type; `*` is every type. */
  SubscribeToTaskType(taskType: string): Promise<void>;
  /** Ends the subscription to a type. It never fails. */
  UnsubscribeFromTaskType(taskType: string): Promise<void>;
}

/** What clients of `SystemNotificationHub` are told, each with the arguments of its handler. */
export interface SystemNotificationHubEvents {
  /** A provider works better or worse than before. */
  ProviderHealthChanged: [provider: string, status: HealthStatus, message: string | null, meta?: EventMeta];
  /** A virtual key has few requests left. */
  RateLimitWarning: [endpoint: string, remaining: number, resetTime: string, meta?: EventMeta];
  /** Something that everybody should know. */
  SystemAnnouncement: [title: string, message: string, severity: Severity, meta?: EventMeta];
  /** A part of the system works worse than it should. */
  ServiceDegraded: [service: string, reason: string, meta?: EventMeta];
  /** A part of the system works again. */
  ServiceRestored: [service: string, meta?: EventMeta];
  /** A model is served by another provider, or by none. */
  ModelMappingChanged: [model: string, newProvider: string | null, meta?: EventMeta];
  /** What a provider's models can do became known. */
  ModelCapabilitiesDiscovered: [provider: string, capabilities: ModelCapability[], meta?: EventMeta];
  /** A model can be used, or can't any more. */
  ModelAvailabilityChanged: [model: string, isAvailable: boolean, meta?: EventMeta];
  /** The preferences of a key are these now. Only who changed them is told. */
  PreferencesUpdated: [preferences: NotificationPreferences, meta?: EventMeta];
}

/** What clients of `SystemNotificationHub` may invoke. */
export interface SystemNotificationHubMethods extends CommonMethods {
  /**
   * Changes what the connections of the key are told. What is left out is as it is before any change: every type, from
   * `Low` on. The caller is told by `PreferencesUpdated` too.
   */
  UpdatePreferences(preferences: PreferencesArgument): Promise<NotificationPreferences>;
  /** Answers what the connections of the key are told. */
  GetPreferences(): Promise<NotificationPreferences>;
}

/** What clients of `SpendNotificationHub` are told, each with the arguments of its handler. */
export interface SpendNotificationHubEvents {
  /** A key's spending went on: what one or more records added to what was told before. */
  SpendUpdate: [event: SpendUpdateEvent];
  /** A key's spending reached a threshold of its budget. */
  BudgetAlert: [event: BudgetAlertEvent];
  /** What a key spent in a day, a week or a month. */
  SpendSummary: [event: SpendSummaryEvent];
  /** A key's spending is unlike what it was, or high for long. */
  UnusualSpendingDetected: [event: UnusualSpendingDetectedEvent];
}

/** What clients of `SpendNotificationHub` may invoke. */
export type SpendNotificationHubMethods = CommonMethods;

/** What clients of `WebhookDeliveryHub` are told, each with the arguments of its handler. */
export interface WebhookDeliveryHubEvents {
  /** Says that a delivery is being tried. */
  DeliveryAttempted: [event: DeliveryAttemptedEvent];
  /** Says that a delivery arrived. */
  DeliverySucceeded: [event: DeliverySucceededEvent];
  /** Says that an attempt failed, or the delivery with it. */
  DeliveryFailed: [event: DeliveryFailedEvent];
  /** Says when a delivery is tried again. */
  RetryScheduled: [event: RetryScheduledEvent];
  /** Says that deliveries to a URL wait, or go out again. The delivery is the one that brought it about, if one did. */
  CircuitBreakerStateChanged: [event: CircuitBreakerStateChangedEvent];
}

/** What clients of `WebhookDeliveryHub` may invoke. */
export interface WebhookDeliveryHubMethods extends CommonMethods {
  /** Subscribes to the deliveries to some URLs of this key; `*` is every URL. All are taken, or none. */
  SubscribeToWebhooks(urls: string[]): Promise<void>;
  /** Ends the subscription to some URLs, or to `*`. */
  UnsubscribeFromWebhooks(urls: string[]): Promise<void>;
  /** How this key's deliveries to a URL went; zeros where there were none. */
  RequestStatistics(url: string): Promise<WebhookStatistics>;
}

/** What clients of `NavigationStateHub` are told, each with the arguments of its handler. */
export interface NavigationStateHubEvents {
  /** The user is somewhere else. */
  NavigationUpdated: [state: unknown, meta?: EventMeta];
  /** A provider works better or worse than before. */
  ProviderHealthChanged: [provider: string, status: HealthStatus, message: string | null, meta?: EventMeta];
  /** A model is served by another provider, or by none. */
  ModelMappingChanged: [model: string, newProvider: string | null, meta?: EventMeta];
  /** What a provider's models can do became known. */
  ModelCapabilitiesDiscovered: [provider: string, capabilities: ModelCapability[], meta?: EventMeta];
}

/** What clients of `NavigationStateHub` may invoke. */
export interface NavigationStateHubMethods extends CommonMethods {
  /**
   * Says where the user is, in any shape of at most 8 KiB. The key's other connections are told, and those that come
   * later are told on connecting.
   */
  UpdateNavigation(state: unknown): Promise<void>;
}

/** What clients of `AdminNotificationHub` are told, each with the arguments of its handler. */
export interface AdminNotificationHubEvents {
  /** The health of all providers, for who has just connected. */
  InitialProviderHealth: [records: ProviderHealthRecord[], meta?: EventMeta];
  /** What is known of a provider's health. */
  ProviderHealthStatus: [event: ProviderHealthStatusEvent];
  /** The health of all providers, for who asked that it be checked. */
  ProviderHealthRefreshed: [records: ProviderHealthRecord[], meta?: EventMeta];
  /** There is a new virtual key. */
  VirtualKeyCreated: [event: VirtualKeyCreatedEvent];
  /** A virtual key is another than before. */
  VirtualKeyUpdated: [event: VirtualKeyUpdatedEvent];
  /** A virtual key is no more. */
  VirtualKeyDeleted: [event: VirtualKeyDeletedEvent];
  /** A virtual key has more or fewer connections than before. */
  ConnectionCountChanged: [event: ConnectionCountChangedEvent];
  /** A realtime session of a virtual key began, went on or ended. */
  RealtimeSessionChanged: [event: RealtimeSessionChangedEvent];
  /** An operator should look at something. */
  SystemAlert: [event: SystemAlertEvent];
  /** Somebody changed a setting. */
  ConfigurationChanged: [event: ConfigurationChangedEvent];
  /** What the caller asked for can't be done. The invocation itself completes. */
  Error: [event: ErrorEvent];
  /** The caller is told of a virtual key from now on. */
  SubscribedToVirtualKey: [virtualKeyId: string, meta?: EventMeta];
  /** The caller is told of a virtual key no longer. */
  UnsubscribedFromVirtualKey: [virtualKeyId: string, meta?: EventMeta];
  /** The caller is told of a provider from now on. */
  SubscribedToProvider: [provider: string, meta?: EventMeta];
  /** The caller is told of a provider no longer. */
  UnsubscribedFromProvider: [provider: string, meta?: EventMeta];
  /** A key's spending reached a threshold of its budget. */
  BudgetAlert: [event: BudgetAlertEvent];
  /** A key's spending reached 90 % of its budget or more. */
  HighSpendAlert: [event: HighSpendAlertEvent];
}

/** What clients of `AdminNotificationHub` may invoke. */
export interface AdminNotificationHubMethods extends CommonMethods {
  /** Subscribes to a virtual key. `SubscribedToVirtualKey` follows, or `Error` where there is no such key. */
  SubscribeToVirtualKey(virtualKeyId: string | number): Promise<void>;
  /** Ends the subscription to a virtual key. `UnsubscribedFromVirtualKey` follows. */
  UnsubscribeFromVirtualKey(virtualKeyId: string | number): Promise<void>;
  /**
   * Subscribes to every check of a provider. `ProviderHealthStatus` follows where its health is known, then
   * `SubscribedToProvider`; `Error` where there can be no such provider.
   */
  SubscribeToProvider(provider: string | number): Promise<void>;
  /** Ends the subscription to a provider. `UnsubscribedFromProvider` follows. */
  UnsubscribeFromProvider(provider: string | number): Promise<void>;
  /** Checks all providers now. `ProviderHealthRefreshed` follows, or `Error` where that fails. */
  RefreshProviderHealth(): Promise<void>;
}

/** What clients of `MetricsHub` are told, each with the arguments of its handler. */
export type MetricsHubEvents = Record<never, never>;

/** What clients of `MetricsHub` may invoke. */
export interface MetricsHubMethods extends CommonMethods {
  /**
   * Streams the figures of `/metrics`, at once and then every so many seconds: 1 to 60, and the nearest of these for
   * any other.
   */
  StreamMetrics(intervalSeconds: number): AsyncIterable<MetricsSnapshot>;
}

/** What clients of `DebugHub` are told, each with the arguments of its handler. */
export type DebugHubEvents = Record<never, never>;

/** What clients of `DebugHub` may invoke. */
export interface DebugHubMethods extends CommonMethods {
  /** Answers what it is given. */
  Echo(x: unknown): Promise<unknown>;
  /** Answers what the object that serves the connection holds. */
  Describe(): Promise<Description>;
}

/** The events of each hub. */
export interface HubEvents {
  VideoGenerationHub: VideoGenerationHubEvents;
  ImageGenerationHub: ImageGenerationHubEvents;
  TaskHub: TaskHubEvents;
  SystemNotificationHub: SystemNotificationHubEvents;
  SpendNotificationHub: SpendNotificationHubEvents;
  WebhookDeliveryHub: WebhookDeliveryHubEvents;
  NavigationStateHub: NavigationStateHubEvents;
  AdminNotificationHub: AdminNotificationHubEvents;
  MetricsHub: MetricsHubEvents;
  DebugHub: DebugHubEvents;
}

/** The methods of each hub. */
export interface HubMethods {
  VideoGenerationHub: VideoGenerationHubMethods;
  ImageGenerationHub: ImageGenerationHubMethods;
  TaskHub: TaskHubMethods;
  SystemNotificationHub: SystemNotificationHubMethods;
  SpendNotificationHub: SpendNotificationHubMethods;
  WebhookDeliveryHub: WebhookDeliveryHubMethods;
  NavigationStateHub: NavigationStateHubMethods;
  AdminNotificationHub: AdminNotificationHubMethods;
  MetricsHub: MetricsHubMethods;
  DebugHub: DebugHubMethods;
}

/** The hubs, as a program sees them. A method that streams is in `streams`, not in `methods`. */
export const hubs = {
  VideoGenerationHub: {
    name: 'VideoGenerationHub',
    route: 'video-generation',
    aliases: [],
    key: 'virtual',
    events: ['VideoStarted', 'VideoProgress', 'VideoCompleted', 'VideoFailed', 'VideoCancelled'],
    methods: [
      'SubscribeToRequest',
      'UnsubscribeFromRequest',
      'SubscribeToVideoGeneration',
      'UnsubscribeFromVideoGeneration',
      'SubscribeToTask',
      'UnsubscribeFromTask',
      'GetResumeToken',
      'Resume',
    ],
    streams: [],
  },
  ImageGenerationHub: {
    name: 'ImageGenerationHub',
    route: 'image-generation',
    aliases: [],
    key: 'virtual',
    events: ['ImageStarted', 'ImageProgress', 'ImageCompleted', 'ImageFailed', 'ImageCancelled'],
    methods: ['SubscribeToTask', 'UnsubscribeFromTask', 'GetResumeToken', 'Resume'],
    streams: [],
  },
  TaskHub: {
    name: 'TaskHub',
    route: 'tasks',
    aliases: ['task-notifications'],
    key: 'virtual',
    events: ['TaskStarted', 'TaskProgress', 'TaskCompleted', 'TaskFailed', 'TaskCancelled', 'TaskTimedOut'],
    methods: [
      'SubscribeToTask',
      'UnsubscribeFromTask',
      'SubscribeToTaskType',
      'UnsubscribeFromTaskType',
      'GetResumeToken',
      'Resume',
    ],
    streams: [],
  },
  SystemNotificationHub: {
    name: 'SystemNotificationHub',
    route: 'notifications',
    aliases: ['system-notifications'],
    key: 'virtual',
    events: [
      'ProviderHealthChanged',
      'RateLimitWarning',
      'SystemAnnouncement',
      'ServiceDegraded',
      'ServiceRestored',
      'ModelMappingChanged',
      'ModelCapabilitiesDiscovered',
      'ModelAvailabilityChanged',
      'PreferencesUpdated',
    ],
    methods: ['UpdatePreferences', 'GetPreferences', 'GetResumeToken', 'Resume'],
    streams: [],
  },
  SpendNotificationHub: {
    name: 'SpendNotificationHub',
    route: 'spend',
    aliases: ['spend-notifications'],
    key: 'virtual',
    events: ['SpendUpdate', 'BudgetAlert', 'SpendSummary', 'UnusualSpendingDetected'],
    methods: ['GetResumeToken', 'Resume'],
    streams: [],
  },
  WebhookDeliveryHub: {
    name: 'WebhookDeliveryHub',
    route: 'webhooks',
    aliases: [],
    key: 'virtual',
    events: [
      'DeliveryAttempted',
      'DeliverySucceeded',
      'DeliveryFailed',
      'RetryScheduled',
      'CircuitBreakerStateChanged',
    ],
    methods: ['SubscribeToWebhooks', 'UnsubscribeFromWebhooks', 'RequestStatistics', 'GetResumeToken', 'Resume'],
    streams: [],
  },
  NavigationStateHub: {
    name: 'NavigationStateHub',
    route: 'navigation-state',
    aliases: [],
    key: 'virtual',
    events: ['NavigationUpdated', 'ProviderHealthChanged', 'ModelMappingChanged', 'ModelCapabilitiesDiscovered'],
    methods: ['UpdateNavigation', 'GetResumeToken', 'Resume'],
    streams: [],
  },
  AdminNotificationHub: {
    name: 'AdminNotificationHub',
    route: 'admin-notifications',
    aliases: [],
    key: 'master',
    events: [
      'InitialProviderHealth',
      'ProviderHealthStatus',
      'ProviderHealthRefreshed',
      'VirtualKeyCreated',
      'VirtualKeyUpdated',
      'VirtualKeyDeleted',
      'ConnectionCountChanged',
      'RealtimeSessionChanged',
      'SystemAlert',
      'ConfigurationChanged',
      'Error',
      'SubscribedToVirtualKey',
      'UnsubscribedFromVirtualKey',
      'SubscribedToProvider',
      'UnsubscribedFromProvider',
      'BudgetAlert',
      'HighSpendAlert',
    ],
    methods: [
      'SubscribeToVirtualKey',
      'UnsubscribeFromVirtualKey',
      'SubscribeToProvider',
      'UnsubscribeFromProvider',
      'RefreshProviderHealth',
      'GetResumeToken',
      'Resume',
    ],
    streams: [],
  },
  MetricsHub: {
    name: 'MetricsHub',
    route: 'metrics',
    aliases: [],
    key: 'master',
    events: [],
    methods: ['GetResumeToken', 'Resume'],
    streams: ['StreamMetrics'],
  },
  DebugHub: {
    name: 'DebugHub',
    route: 'debug',
    aliases: [],
    key: 'master',
    events: [],
    methods: ['Echo', 'Describe', 'GetResumeToken', 'Resume'],
    streams: [],
  },
} as const;
