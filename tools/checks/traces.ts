// Checks the traces that docs/guides/metrics.md promises: the service, with OpenTelemetry loaded before it and nothing else changed, sends the span of a
// request with its route, and the statements of the database below it. Skipped where the packages cannot be installed.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, runChecks } from '../support/checks.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'

// The newest ones when this was written.
const packages = ['@opentelemetry/api@1.9.1', '@opentelemetry/auto-instrumentations-node@0.81.2']

/** A span as OTLP writes it in JSON. Source: OpenTelemetry, "OTLP specification", JSON Protobuf encoding. */
type Span = { traceId: string, name: string, kind: number, attributes: { key: string, value: { stringValue?: string, intValue?: number | string } }[] }
type Exported = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }

const server = 2
const client = 3
const route = '/api/containers/:container'

const work = mkdtempSync(join(tmpdir(), 'platform-status-traces-'))
try {
  const isInstalled = await install()
  if (isInstalled) await check()
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function install (): Promise<boolean> {
  try {
    await run('npm', ['install', '--prefix', work, '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: work, seconds: 180 })
    return true
  } catch (error) {
    console.log(`skipped: traces: OpenTelemetry cannot be installed here: ${messageOf(error)}`)
    return false
  }
}

async function check (): Promise<void> {
  const spans: Span[] = []
  const receiver = createServer((request, response) => {
    void (json(request) as Promise<Exported>).then(({ resourceSpans }) => {
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans))
      response.setHeader('content-type', 'application/json').end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const register = pathToFileURL(join(work, 'node_modules', '@opentelemetry', 'auto-instrumentations-node', 'build', 'src', 'register.js')).href
  const service = await startService({
    NODE_OPTIONS: `--import ${register}`, OTEL_SERVICE_NAME: 'platform-status',
    OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_NODE_RESOURCE_DETECTORS: 'none',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`, OTEL_BSP_SCHEDULE_DELAY: '100'
  })

  /** The span of the request for this path. */
  async function served (path: string): Promise<Span> {
    const deadline = Date.now() + 20_000
    while (Date.now() < deadline) {
      const found = spans.find((span) => span.kind === server && [attribute(span, 'http.target'), attribute(span, 'url.path')].includes(path))
      if (found !== undefined) return found
      await sleep(50)
    }
    throw new Error(`no span for ${path}; spans: ${spans.map(({ name }) => name).join(', ')}`)
  }

  try {
    await runChecks({
      'the span of a request has its route': async () => {
        await fetch(`${service.url}/api/containers/SCREEN_001`)
        const span = await served('/api/containers/SCREEN_001')
        same(attribute(span, 'http.route'), route, 'http.route')
        same(span.name, `GET ${route}`, 'the name of the span')
        return undefined
      },
      'the statements of a request are in its trace': async () => {
        const { traceId } = await served('/api/containers/SCREEN_001')
        const statements = spans.filter((span) => span.traceId === traceId && span.kind === client && (attribute(span, 'db.system') ?? attribute(span, 'db.system.name')) === 'postgresql')
        if (statements.length === 0) throw new Error(`none; spans: ${spans.filter((span) => span.traceId === traceId).map(({ name }) => name).join(', ')}`)
        return undefined
      },
      'a path without a route has no http.route': async () => {
        await fetch(`${service.url}/api/nothing-here`)
        same(attribute(await served('/api/nothing-here'), 'http.route'), undefined, 'http.route')
        return undefined
      }
    })
  } finally {
    await service.stop()
    receiver.closeAllConnections()
    receiver.close()
  }
}

function attribute ({ attributes }: Span, name: string): string | undefined {
  return attributes.find(({ key }) => key === name)?.value.stringValue
}

function same (found: unknown, wanted: unknown, what: string): void {
  if (found !== wanted) throw new Error(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
}
