/** Patterns of host names: `api.example.com`, `*.example.com` (any name below it), `*`. Case-insensitive. */
export function isHostPattern(text: string): boolean {
  return /^(?:\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)$/.test(text)
}

/** @param pattern in lower case */
export function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}
