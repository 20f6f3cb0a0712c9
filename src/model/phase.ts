/** The phases of an exchange that can be spans of their own. `tls` waits for connections that outspan encrypts itself. */
export const phases = ['upstream', 'dns', 'connect', 'tls', 'wait', 'receive'] as const
export type Phase = (typeof phases)[number]
