import { type OutgoingHttpHeaders, request } from 'node:http'

/** The status of a GET through the proxy. */
export function getThrough(proxy: string, url: string, more: OutgoingHttpHeaders = {}): Promise<number> {
  const { hostname: host, port } = new URL(proxy)
  return new Promise((resolve, reject) => {
    const headers = { host: new URL(url).host, connection: 'close', ...more }
    request({ host, port, path: url, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
      .once('error', reject)
      .end()
  })
}
