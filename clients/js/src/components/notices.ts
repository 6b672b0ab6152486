// What the system hub tells, in words.

import type { ModelCapability, NotificationType, Severity } from '../contract.ts';
import { timeOfDay } from './formats.ts';

/** Something that happened, as it is shown. */
export interface Notice {
  id: string;
  type: NotificationType;
  priority: Severity;
  title: string;
  text: string;
  /** What it is about: what is told later of the same takes its place. */
  subject: string;
  timestamp: string;
}

type Said = Omit<Notice, 'id' | 'timestamp'>;

/** Lowest first. */
export const PRIORITIES: readonly Severity[] = ['Low', 'Medium', 'High', 'Critical'];

/** By event: how its arguments read. */
export const NOTICES: Record<string, (...args: any[]) => Said> = {
  ProviderHealthChanged: (provider: string, status: string, message: string | null) => ({
    type: 'provider_health',
    priority: status === 'Unhealthy' ? 'High' : 'Medium',
    title: `${provider} is ${status.toLowerCase()}`,
    text: message ?? '',
    subject: `provider ${provider}`,
  }),
  RateLimitWarning: (endpoint: string, remaining: number, resetTime: string) => ({
    type: 'rate_limit',
    priority: remaining < 10 ? 'High' : 'Medium',
    title: `${remaining} ${remaining === 1 ? 'request' : 'requests'} left for ${endpoint}`,
    text: ISO_TIME.test(resetTime) ? `More from ${timeOfDay(new Date(resetTime), undefined)} on.` : '',
    subject: `limit ${endpoint}`,
  }),
  SystemAnnouncement: (title: string, message: string, severity: Severity) => ({
    type: 'system_announcement',
    priority: severity,
    title,
    text: message,
    subject: `announcement ${title} ${message}`,
  }),
  ServiceDegraded: (service: string, reason: string) => ({
    type: 'service_degradation',
    priority: 'High',
    title: `${service} is degraded`,
    text: reason,
    subject: `service ${service}`,
  }),
  ServiceRestored: (service: string) => ({
    type: 'service_degradation',
    priority: 'Medium',
    title: `${service} works again`,
    text: '',
    subject: `service ${service}`,
  }),
  ModelMappingChanged: (model: string, newProvider: string | null) => ({
    type: 'model_mapping',
    priority: 'Medium',
    title: newProvider === null ? `${model} has no provider now` : `${model} comes from ${newProvider} now`,
    text: '',
    subject: `mapping ${model}`,
  }),
  ModelCapabilitiesDiscovered: (provider: string, capabilities: ModelCapability[]) => ({
    type: 'model_capabilities',
    priority: 'Low',
    title: `${provider} has ${capabilities.length} ${capabilities.length === 1 ? 'model' : 'models'}`,
    text: capabilities
      .slice(0, 3)
      .map(({ model }) => model)
      .join(', '),
    subject: `capabilities ${provider}`,
  }),
  ModelAvailabilityChanged: (model: string, isAvailable: boolean) => ({
    type: 'model_availability',
    priority: isAvailable ? 'Low' : 'Medium',
    title: `${model} is ${isAvailable ? 'available' : 'not available'}`,
    text: '',
    subject: `model ${model}`,
  }),
};

/** A time as the contract writes it. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT/;
