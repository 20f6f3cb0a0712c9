/** From settings to the ways out. */
import type { Settings } from '../config/options'
import { Egress } from '../policy/egress'

/** @returns undefined when all calls go straight */
export function egressOf({ upstreamProxy, upstreamProxyBypass, upstreamProxyRules }: Settings): Egress | undefined {
  const egress = new Egress({ proxy: upstreamProxy, bypass: upstreamProxyBypass, rules: upstreamProxyRules })
  return egress.isDirect ? undefined : egress
}
