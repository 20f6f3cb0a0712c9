/** The user's propagators: what they throw is counted before the adapter takes it for no context. */
import type { TextMapPropagator } from '@opentelemetry/api'
import type { Guard } from './guard'

/** @param name as the user gave it */
export function watched(name: string, propagator: TextMapPropagator, guard: Guard): TextMapPropagator {
  const hook = `propagators.${name}`
  guard.add(hook)
  const watch = <T>(call: () => T): T => {
    const start = performance.now()
    try {
      return call()
    } catch (error) {
      guard.failed(hook, error)
      throw error
    } finally {
      guard.took(hook, start)
    }
  }
  return {
    inject: (context, carrier, setter) => watch(() => propagator.inject(context, carrier, setter)),
    extract: (context, carrier, getter) => watch(() => propagator.extract(context, carrier, getter)),
    fields: () => propagator.fields(),
  }
}
