/** The proxy that calls are sent through, as a URL: `http://user:password@proxy.example:3128`. */
import { type Destination, destination } from '../model/destination'
import { type Kind, Problem } from './kinds'
import { Secret } from './secret'

export interface UpstreamProxy {
  readonly destination: Destination
  /** The value of Proxy-Authorization, if it wants credentials. */
  readonly authorization: Secret | undefined
}

const HTTP_PORT = 80

export const upstreamProxy: Kind<UpstreamProxy> = {
  placeholder: 'URL',
  isSecret: true,
  read: (text) => {
    if (/^https:/i.test(text)) return new Problem('is an https:// URL; a proxy is spoken to in plain HTTP, http://')
    if (!/^http:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
      return new Problem('is not the http:// URL of a proxy, such as http://proxy.example:3128')
    }
    const url = new URL(text)
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return new Problem('has more than host and port')
    const credentials = credentialsOf(url)
    if (credentials instanceof Problem) return credentials
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    return { destination: destination(host, Number(url.port) || HTTP_PORT, HTTP_PORT), authorization: credentials }
  },
  show: (value) => `http://${value.authorization ? '[redacted]@' : ''}${value.destination.authority}`,
}

function credentialsOf({ username, password }: URL): Secret | undefined | Problem {
  if (username === '' && password === '') return undefined
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return new Secret(`Basic ${Buffer.from(pair, 'utf8').toString('base64')}`)
  } catch {
    return new Problem('has credentials that are not percent-encoded properly')
  }
}

/** A way out for one rule: a proxy, or `direct`. */
export const wayOut: Kind<UpstreamProxy | 'direct'> = {
  ...upstreamProxy,
  placeholder: 'URL|direct',
  read: (text) => (text === 'direct' ? 'direct' : upstreamProxy.read(text)),
  show: (value) => (value === 'direct' ? value : upstreamProxy.show(value)),
}

/** An entry of a bypass list. */
export const bypassEntry: Kind<string> = {
  placeholder: 'HOST',
  read: (text) =>
    /^(?:\*|(?:\*?\.)?[A-Za-z0-9_.-]+(?:\/[0-9]{1,3})?|\[?[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,}\]?(?:\/[0-9]{1,3})?)(?::[0-9]{1,5})?$/.test(
      text,
    )
      ? text.toLowerCase()
      : new Problem('is no host, address or address range'),
  show: (value) => value,
}
