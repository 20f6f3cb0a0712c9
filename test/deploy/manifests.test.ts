/** Holds the deployment examples to the option table, and to each other. */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readArguments } from '../../src/cli/arguments'
import { settingsFrom } from '../../src/cli/settings'
import { type Option, variableOf } from '../../src/config/option'
import { options } from '../../src/config/options'
import { adminPort, adminStatus } from './admin'
import { image, imageEnvironment, said } from './dockerfile'
import {
  type CollectorConfig,
  type Container,
  deploy,
  mebibytes,
  type PipelinePart,
  parsed,
  read,
  selects,
  version,
} from './files'
import { composeServices, isOutspan, manifestFiles, manifests, named, ofKind, pods } from './manifests'
import { environmentOf, pairings } from './pairings'

/** Telemetry may take this long to leave after the drain, in milliseconds (src/app/life.ts). */
const FLUSH_TIMEOUT = 5000

test('there is a pairing for each kind of deployment', () => {
  expect(pairings.map(([name]) => name)).toEqual(['kubernetes caller', 'compose outspan'])
})

describe.each(pairings)('%s', (name, { settings, problems, variables, programs, memory, grace }) => {
  test('the program takes its flags and variables', () => {
    expect(problems).toEqual([])
  })

  test('every variable is in the option table', () => {
    const rows: Option<unknown>[] = Object.values(options)
    const known = rows.flatMap((row) => [variableOf(row), ...(row.otel ?? [])])
    const others = variables.filter((variable) => /^(?:OUTSPAN|OTEL)_/.test(variable) && !known.includes(variable))
    expect(others).toEqual([])
  })

  test('resource attributes are whole', () => {
    expect(settings.serviceName).toBe('caller')
    for (const value of Object.values(settings.resourceAttributes)) expect(value).toMatch(/^[^$(]+$/)
  })

  test('admin is reachable from outside, the proxy is not', () => {
    expect(settings.admin).toEqual({ host: '0.0.0.0', port: adminPort })
    expect(settings.listen).toEqual(options.listen.default)
  })

  test('programs call through it', () => {
    expect(programs.length).toBeGreaterThan(0)
    for (const env of programs) {
      for (const variable of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) {
        expect(`${variable} ${env[variable]}`).toBe(`${variable} http://${options.listen.kind.show(settings.listen)}`)
      }
    }
  })

  test('programs call themselves and the collector directly', () => {
    const collector = new URL(settings.otlpEndpoint ?? '').hostname
    for (const env of programs) {
      expect(env.NO_PROXY?.split(',')).toEqual(expect.arrayContaining(['localhost', '127.0.0.1', '::1', collector]))
      expect(env.no_proxy).toBe(env.NO_PROXY)
      if (name.startsWith('kubernetes')) expect(env.NO_PROXY?.split(',')).toContain('kubernetes.default.svc')
    }
  })

  test('there is time to drain and to flush', () => {
    expect(grace).toBeGreaterThan(settings.drainTimeout + FLUSH_TIMEOUT)
  })

  test('the heap leaves room in the memory of the container', () => {
    const heap = Number(/--max-old-space-size=(\d+)/.exec(imageEnvironment.NODE_OPTIONS ?? '')?.[1])
    expect(memory - heap).toBeGreaterThanOrEqual(64)
  })
})

describe('Kubernetes', () => {
  const containers = pods.flatMap(([pod, { initContainers = [], containers }]) =>
    [...initContainers, ...containers].map((container) => [`${pod}/${container.name}`, container] as const),
  )
  const sidecar = containers.map(([, container]) => container).find(isOutspan) as Container

  test('outspan is a native sidecar', () => {
    for (const [, { initContainers = [], containers }] of pods) {
      expect(containers.filter(isOutspan)).toEqual([])
      for (const each of initContainers.filter(isOutspan)) expect(each.restartPolicy).toBe('Always')
    }
  })

  test('its attributes say where the spans come from', () => {
    const attributes = settingsFrom(readArguments([]), environmentOf(sidecar.env)).settings.resourceAttributes
    expect(attributes).toEqual({
      'k8s.namespace.name': '<metadata.namespace>',
      'k8s.deployment.name': 'caller',
      'k8s.pod.name': '<metadata.name>',
      'k8s.pod.uid': '<metadata.uid>',
      'k8s.pod.ip': '<status.podIP>',
      'k8s.node.name': '<spec.nodeName>',
      'k8s.container.name': 'app',
    })
    expect(named('Deployment', 'caller')?.spec?.template?.spec.containers.map((each) => each.name)).toContain('app')
  })

  test('its probes ask the admin address for pages that there are', async () => {
    const { startupProbe, readinessProbe, livenessProbe } = sidecar
    expect(startupProbe?.httpGet?.path).toBe('/readyz')
    expect(readinessProbe?.httpGet?.path).toBe('/readyz')
    expect(livenessProbe?.httpGet?.path).toBe('/livez')
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      expect(portOf(sidecar, probe?.httpGet?.port)).toBe(adminPort)
      expect(await adminStatus(probe?.httpGet?.path)).toBe(200)
    }
  })

  test('its settings are a directory, so that a change arrives', () => {
    expect(sidecar.volumeMounts?.map(({ subPath }) => subPath)).toEqual([undefined])
    const { settings } = (pairings[0] as (typeof pairings)[number])[1]
    expect(settings.instrumentations).toEqual(['request', 'dns', 'connect'])
  })

  describe.each(containers)('%s', (_, container) => {
    test('has no privilege', () => {
      expect(container.securityContext).toEqual({
        runAsNonRoot: true,
        runAsUser: expect.any(Number),
        runAsGroup: expect.any(Number),
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(container.securityContext?.runAsUser).toBeGreaterThan(0)
    })

    test('has requests and a memory limit', () => {
      const { requests, limits } = container.resources ?? {}
      expect(requests?.cpu).toMatch(/^\d+m$/)
      expect(mebibytes(limits?.memory)).toBeGreaterThanOrEqual(mebibytes(requests?.memory))
    })

    test('has an image with a tag, and probes on its ports', () => {
      expect(container.image).toMatch(/:v?\d+\.\d+\.\d+$/)
      for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
        if (probe) expect(portOf(container, probe.httpGet?.port)).toEqual(expect.any(Number))
      }
    })
  })

  test('outspan runs as the user of its image, in the version of this package', () => {
    const { runAsUser, runAsGroup } = sidecar.securityContext ?? {}
    expect([`${runAsUser}:${runAsGroup}`]).toEqual(said(image, 'USER'))
    expect(sidecar.image).toBe(`outspan:${version}`)
  })

  test.each(ofKind('Deployment').map((each) => [each.metadata?.name, each]))(
    'Deployment %s owns its pods',
    (_, each) => {
      expect(selects(each.spec?.selector?.matchLabels, each.spec?.template?.metadata.labels)).toBe(true)
    },
  )

  test.each(ofKind('Service').map((each) => [each.metadata?.name, each]))('Service %s leads to a port', (_, each) => {
    const chosen = ofKind('Deployment').filter(({ spec }) =>
      selects(each.spec?.selector, spec?.template?.metadata.labels),
    )
    expect(chosen.map(({ metadata }) => metadata?.name)).toEqual([each.metadata?.name])
    const served = chosen[0]?.spec?.template?.spec.containers ?? []
    for (const { targetPort } of each.spec?.ports ?? []) {
      expect(served.map((container) => portOf(container, targetPort))).toContainEqual(expect.any(Number))
    }
  })

  test('spans go to a Service, and on to the receiver of the collector behind it', () => {
    for (const [, { settings }] of pairings.filter(([name]) => name.startsWith('kubernetes'))) {
      const { protocol, hostname, port } = new URL(settings.otlpEndpoint ?? '')
      const service = named('Service', hostname)?.spec?.ports?.find((each) => each.port === Number(port))
      const collector = named('Deployment', hostname)?.spec?.template?.spec.containers[0] as Container
      const config = parsed<CollectorConfig>(named('ConfigMap', hostname)?.data?.['collector.yaml'] ?? '')[0]
      expect(protocol).toBe('http:')
      expect(receiverPort(config)).toBe(portOf(collector, service?.targetPort))
      expect(collector.args?.[0]).toMatch(/^--config=.*\/collector\.yaml$/)
    }
  })

  test('the program calls a Service', () => {
    expect(calledPort(named('Deployment', 'caller')?.spec?.template?.spec.containers[0]?.args?.join())).toEqual([
      'echo',
      named('Service', 'echo')?.spec?.ports?.[0]?.port,
    ])
  })

  test('the kustomization lists every file, and everything is in its namespace', () => {
    const kustomization = ofKind('Kustomization')[0]
    const files = manifestFiles.map((file) => relative('kubernetes', file))
    expect([...(kustomization?.resources ?? []), 'kustomization.yaml'].sort()).toEqual(files.sort())
    expect(ofKind('Namespace').map(({ metadata }) => metadata?.name)).toEqual([kustomization?.namespace])
    const namespaced = manifests.filter(({ kind }) => kind !== 'Namespace' && kind !== 'Kustomization')
    for (const { metadata } of namespaced) expect(metadata?.namespace).toBe(kustomization?.namespace)
  })
})

describe('Compose', () => {
  describe.each(Object.entries(composeServices))('%s', (name, service) => {
    test('has no privilege', () => {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
      expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
      expect(mebibytes(service.mem_limit)).toBeGreaterThan(0)
    })

    test('has an image with a tag', () => {
      expect(service.image).toMatch(/:v?\d+\.\d+\.\d+$/)
    })

    test('publishes on loopback only', () => {
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/)
    })

    test('depends on services that there are, and mounts files that there are', () => {
      const { depends_on = [], volumes = [] } = service
      const others = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on)
      for (const other of others) expect(Object.keys(composeServices)).toContain(other)
      for (const volume of volumes) expect(existsSync(join(deploy, volume.split(':')[0] ?? ''))).toBe(true)
      expect(others).not.toContain(name)
    })
  })

  test('outspan is built from here, in this version, and the program waits for it', () => {
    const { build, image: tag, user, ports } = composeServices.outspan as (typeof composeServices)[string]
    expect(existsSync(join(deploy, build?.context ?? '', 'Dockerfile'))).toBe(true)
    expect(tag).toBe(`outspan:${version}`)
    expect([user]).toEqual(said(image, 'USER'))
    expect(ports).toEqual([`127.0.0.1:${adminPort}:15000`])
    expect(composeServices.caller?.depends_on).toMatchObject({ outspan: { condition: 'service_healthy' } })
  })

  test('spans go to the collector, and on to Jaeger', () => {
    const config = read<CollectorConfig>('collector.yaml')[0]
    for (const [, { settings }] of pairings.filter(([name]) => name.startsWith('compose'))) {
      const { protocol, hostname, port } = new URL(settings.otlpEndpoint ?? '')
      expect([protocol, composeServices[hostname]?.volumes?.[0]]).toEqual([
        'http:',
        expect.stringMatching(/^\.\/collector\.yaml:/),
      ])
      expect(receiverPort(config)).toBe(Number(port))
    }
    expect(config?.exporters?.otlp_grpc?.endpoint).toBe('jaeger:4317')
    expect(composeServices.jaeger).toBeDefined()
  })

  test('the program calls a service', () => {
    const port = Number(/^--port=(\d+)$/.exec(composeServices.echo?.command?.[0] ?? '')?.[1])
    expect(calledPort(composeServices.caller?.command?.join())).toEqual(['echo', port])
  })
})

describe.each([
  ['kubernetes/collector.yaml', named('ConfigMap', 'collector')?.data?.['collector.yaml'] ?? ''],
  ['collector.yaml', readFileSync(join(deploy, 'collector.yaml'), 'utf8')],
])('collector configuration in %s', (_, text) => {
  const config = parsed<CollectorConfig>(text)[0] as CollectorConfig

  test('every component of a pipeline is defined, and every one defined is used', () => {
    for (const part of ['receivers', 'processors', 'exporters'] satisfies PipelinePart[]) {
      const used = Object.values(config.service.pipelines).flatMap((pipeline) => pipeline[part] ?? [])
      expect([part, [...new Set(used)].sort()]).toEqual([part, Object.keys(config[part] ?? {}).sort()])
    }
    expect(config.service.extensions ?? []).toEqual(Object.keys(config.extensions ?? {}))
  })

  test('it has a pipeline for traces', () => {
    expect(config.service.pipelines.traces).toMatchObject({ receivers: ['otlp'] })
  })
})

/** The number of a port that is given by name or by number. */
function portOf(container: Container, port: string | number | undefined): number | undefined {
  return container.ports?.find(({ name, containerPort }) => name === port || containerPort === port)?.containerPort
}

function receiverPort(config: CollectorConfig | undefined): number {
  return Number(config?.receivers?.otlp?.protocols?.grpc?.endpoint?.split(':').at(-1))
}

/** Host and port of the only URL that a script calls. */
function calledPort(script: string | undefined): unknown[] {
  const urls = [...(script ?? '').matchAll(/http:\/\/([\w.-]+):(\d+)/g)]
  return urls.flatMap(([, host, port]) => [host, Number(port)])
}
