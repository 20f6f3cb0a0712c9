/**
 * Patterns that pick URLs: `host:*.example.com` by the host, `regex:…` by a regular expression that the entire URL matches,
 * `*` all of them, and any other text by being a part of the URL.
 */
import type { Destination } from './destination'
import { canonicalPattern, isHostPattern, isIpv6, matchesHost } from './host-pattern'

export type UrlMatcher = (url: string, destination: Destination) => boolean

const HOST = 'host:'
const REGEX = 'regex:'

/** What is looked at of a URL, in characters. */
const LONGEST_URL = 2048
/** Instructions that an expression may compile to: with what is looked at they bound the time of a match. */
const MOST_INSTRUCTIONS = 200

const notInUrls = /[^\x21-\x7e]|#/
/** What people write who mean an expression, such as Sentry's default `.*`. */
const ofRegex = /\.[*+]|\\|^\^|\$$/

/** @returns the matcher, or why there is none, in words that complete the sentence "<pattern> …" */
export function urlMatcher(pattern: string): UrlMatcher | string {
  if (pattern === '') return 'is empty'
  if (pattern === '*') return () => true
  if (pattern.startsWith(HOST)) return hostMatcher(pattern.slice(HOST.length))
  if (pattern.startsWith(REGEX)) return regexMatcher(pattern.slice(REGEX.length))
  if (notInUrls.test(pattern)) return 'has characters that no URL has'
  if (pattern.startsWith('*.')) return `is a part of no URL: a host pattern is written ${HOST}${pattern}`
  if (ofRegex.test(pattern)) return `is a part of no URL: a regular expression is written ${REGEX}${pattern}`
  return (url) => shortened(url).includes(pattern)
}

/** Whether commas in the text that begins here may belong to it. */
export function isRegexPattern(text: string): boolean {
  return text.startsWith(REGEX)
}

function hostMatcher(pattern: string): UrlMatcher | string {
  const bare = pattern.replace(/^\[(.*)\]$/, '$1')
  if (!isHostPattern(bare) && !(bare.includes(':') && isIpv6(bare)))
    return 'has no host pattern behind "host:", such as *.example.com'
  const canonical = canonicalPattern(bare.toLowerCase())
  return (_url, { canonicalHost }) => matchesHost(canonical, canonicalHost)
}

/** RE2's syntax and its promise: time grows with the URL's length, whatever it holds. JavaScript's own engine can hang. */
function regexMatcher(text: string): UrlMatcher | string {
  // Loaded only where there is an expression: it takes 10 ms.
  const { RE2JS } = require('re2js') as typeof import('re2js')
  try {
    const regex = RE2JS.compile(text)
    if (regex.programSize() > MOST_INSTRUCTIONS) return 'is too large a regular expression: its repetitions multiply'
    return (url) => regex.testExact(shortened(url))
  } catch (error) {
    return `is no regular expression of RE2's syntax (${(error as Error).message.replace('error parsing regexp: ', '')})`
  }
}

function shortened(url: string): string {
  return url.length > LONGEST_URL ? url.slice(0, LONGEST_URL) : url
}
