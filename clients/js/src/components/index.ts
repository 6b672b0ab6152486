// Elements for pages, which are defined when this is imported. They use the service that everybody shares, unless one is
// set. Where there is no page, as when a server renders one, nothing happens.

import { ConduitSignalRService } from '../service.ts';
import { define } from './define.ts';
import { provideService } from './serviceSource.ts';

export { ConduitConnectionStatus } from './connectionStatus.ts';
export type { Delivery } from './deliveries.ts';
export { ConduitElement } from './element.ts';
export type { HubCondition } from './hubWatch.ts';
export type { Notice } from './notices.ts';
export { ConduitNotifications } from './notifications.ts';
export { ConduitSpendListener } from './spendListener.ts';
export { ConduitSpendMeter, type Spend } from './spendMeter.ts';
export { ConduitTaskProgress, type ShownTask, type TaskStatus } from './taskProgress.ts';
export { ConduitWebhookList } from './webhookList.ts';

provideService(() => ConduitSignalRService.getInstance());
define();
