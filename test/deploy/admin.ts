/** The admin address, as the probes of a deployment meet it. */
import { AdminServer } from '../../src/admin/server'
import { options } from '../../src/config/options'

export const adminPort = options.admin.default === 'off' ? 0 : options.admin.default.port

/** What a program that is ready answers to a probe. */
export async function adminStatus(path: string | undefined): Promise<number> {
  const source = {
    isReady: () => true,
    metrics: () => [],
    exchanges: () => [],
    ledger: () => ({}),
    config: () => ({}),
    startTime: 0,
  }
  const server = new AdminServer(source)
  const { host, port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const { status } = await fetch(`http://${host}:${port}${path}`)
  await server.close()
  return status
}
