import fc from 'fast-check'
import t from 'tap'
import { rows } from '../support/log.ts'
import { aLab, type Service } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

// Random histories with commanded times, clocks that jump, hangs, simulations, failures and corrections. What the service answers is
// compared with what follows from the facts by counting, over HTTP: estimates, remaining times, totals, process durations, statistics.
// `REFERENCE_HISTORIES=1000 npm test -- test/estimation/reference.test.ts` is the long run.

const histories = Number(process.env.REFERENCE_HISTORIES ?? repetitions({ quick: 2, thorough: 10 }))
const second = 1000
const hour = 3600 * second
const runs = 3

/** What is wrong with a step. `ahead`: it finishes in the future. `skewed`: it finished before it began. `behind`: it is told as running since 2018. */
type Fault = 'none' | 'ahead' | 'skewed' | 'behind'
type Correction = 'none' | 'exclude' | 'include' | 'exclude, include' | 'undecided' | 'other finish'
/** Pauses of a step: each `after` milliseconds after the one before it. With `unresumed`, the last one ends with the step. */
type Pauses = readonly { after: number, ms: number }[]
type Interval = { from: number, to: number }
type Plan = { fct: 'wash' | 'incubate', pauses: Pauses, unresumed: boolean, commanded: number, ms: number, hangs: boolean, status: 'completed' | 'failed' | 'aborted', is_simulation: boolean, fault: Fault, correction: Correction, run: number }
/** A step as it is at the end: times in milliseconds. */
type Fact = Plan & { id: string, start: number, finish: number, told: Interval[], sound: boolean, decision: boolean | null }

const oneOf = <T>(...values: [weight: number, value: T][]) => fc.oneof(...values.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })))
const plan: fc.Arbitrary<Plan> = fc.record({
  fct: oneOf<Plan['fct']>([1, 'wash'], [1, 'incubate']),
  commanded: fc.constantFrom(0, 60, 600.5, 3600),
  ms: fc.oneof(fc.integer({ min: -30_000, max: 30_000 }), fc.integer({ min: 0, max: 100 })),
  hangs: oneOf([9, false], [1, true]),
  status: oneOf<Plan['status']>([8, 'completed'], [1, 'failed'], [1, 'aborted']),
  is_simulation: oneOf([8, false], [1, true]),
  fault: oneOf<Fault>([8, 'none'], [1, 'ahead'], [1, 'skewed'], [1, 'behind']),
  correction: oneOf<Correction>([8, 'none'], [1, 'exclude'], [1, 'include'], [1, 'exclude, include'], [1, 'undecided'], [1, 'other finish']),
  pauses: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.array(fc.record({ after: fc.integer({ min: 0, max: 20_000 }), ms: fc.integer({ min: 0, max: 10 * 3600 * 1000 }) }), { minLength: 1, maxLength: 3 }) }),
  unresumed: oneOf([4, false], [1, true]),
  run: fc.integer({ min: 0, max: runs })
})

/** A pause of a run, in the days in which its steps are. */
const standstill: fc.Arbitrary<Interval | null> = fc.option(fc.record({ hours: fc.integer({ min: 30, max: 600 }), lasts: fc.integer({ min: 0, max: 29 }) }).map(({ hours, lasts }) => {
  const from = Math.floor(Date.now() / second) * second - hours * hour
  return { from, to: from + lasts * hour }
}), { nil: null })

const at = (ms: number) => new Date(ms).toISOString()
const dataOf = ({ fct, commanded }: Pick<Plan, 'fct' | 'commanded'>) => ({ fct, ...fct === 'incubate' ? { duration: commanded } : {} })
const commandedOf = ({ fct, commanded }: Pick<Plan, 'fct' | 'commanded'>) => fct === 'incubate' ? commanded : 0
const believed = ({ sound, decision }: Fact) => decision === null ? sound : !decision
/** Whether it can begin or end something. A person confirms no time that was ahead of the service. */
const placed = (fact: Fact) => believed(fact) && (fact.fault !== 'ahead' || fact.sound)
/** Whether clocks may differ by all that is left beside the pauses: then nobody knows how long it takes, whatever a person decides. */
const stoodThroughout = (duration: number, stood: number) => stood > 0 && duration - stood <= Math.min(5, stood)
const known = (fact: Fact) => !stoodThroughout((fact.finish - fact.start) / second, stoodOf(fact) / second)
const counts = (fact: Fact) => fact.status === 'completed' && !fact.is_simulation && believed(fact) && known(fact)
const within = ({ from, to }: Interval, { start, finish }: Pick<Fact, 'start' | 'finish'>) => Math.max(0, Math.min(to, finish) - Math.max(from, start))
const stoodOf = (fact: Fact) => fact.told.reduce((sum, pause) => sum + within(pause, fact), 0)
/** Whether a pause lasts beyond the finish, more than clocks may differ. */
const pausedBeyond = (told: readonly Interval[], finish: number) => told.some(({ from, to }) => to > from && to > finish + 5 * second)
/** The active time. */
const secondsOf = (fact: Fact) => (fact.finish - fact.start - stoodOf(fact)) / second
const rounded = (seconds: number) => Math.round(seconds * 1000) / 1000
const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)

async function made (answer: ReturnType<Service['post']>): Promise<any> {
  const { status, body, text } = await answer
  if (status >= 300) throw new Error(text)
  return body
}

/** Logs and corrects the steps as planned. */
async function happen (lab: Service, device: string, plans: readonly Plan[], experiments: readonly string[]): Promise<Fact[]> {
  const facts: Fact[] = []
  for (const [index, planned] of plans.entries()) {
    // Later plans finish earlier, a day apart, so that their order is not that of their ids.
    const start = Math.floor(Date.now() / second) * second - (index + 2) * 24 * hour
    const took = Math.max(0, planned.hangs ? 2 * hour : commandedOf(planned) * second + (planned.fct === 'wash' ? Math.abs(planned.ms) : planned.ms))
    const { status, is_simulation, fault } = planned
    const step = { device, data: dataOf(planned), is_simulation, ...planned.run === runs ? {} : { experiment_id: experiments[planned.run] } }
    let fact = { ...planned, start, finish: start + took, told: [] as Interval[], sound: true, decision: null as boolean | null }
    let id: string
    if (fault === 'none' && planned.pauses.length > 0) {
      ({ id } = await made(lab.post('/api/steps', { ...step, start: at(start) })))
      // It was told when it began.
      await rows(lab, "UPDATE step SET created_at = start, warnings = '[]' WHERE id = $1", [id])
      const told: Interval[] = []
      for (const { after, ms } of planned.pauses) {
        const from = (told.at(-1)?.to ?? start) + after
        told.push({ from, to: from + ms })
        await made(lab.post(`/api/steps/${id}/pause`, { at: at(from) }))
        if (told.length < planned.pauses.length || !planned.unresumed) await made(lab.post(`/api/steps/${id}/resume`, { at: at(from + ms) }))
      }
      const finish = start + took + told.reduce((sum, { from, to }) => sum + to - from, 0)
      await made(lab.post(`/api/steps/${id}/finish`, { status, finish: at(finish) }))
      if (planned.unresumed) told.at(-1)!.to = Math.max(finish, told.at(-1)!.from)
      fact = { ...fact, finish, told, sound: !pausedBeyond(told, finish) }
    } else if (fault === 'none') {
      ({ id } = await made(lab.post('/api/steps', { ...step, status, start: at(start), finish: at(start + took) })))
    } else if (fault === 'ahead') {
      fact = { ...fact, finish: Date.now() + hour, sound: false };
      ({ id } = await made(lab.post('/api/steps', { ...step, status, start: at(start), finish: at(fact.finish) })))
    } else {
      const began = fault === 'behind' ? Date.parse('2018-07-01T00:00:00Z') + index * hour : Date.now() - 3 * second
      const body = await made(lab.post('/api/steps', { ...step, start: at(began) }))
      id = body.id
      const finish = fault === 'behind' ? began + took : began - 60 * second
      await made(lab.post(`/api/steps/${id}/finish`, { status, finish: at(finish) }))
      // A finish that is known makes a step that was told years late as good as one that was told when it was over.
      fact = { ...fact, start: began, finish: Math.max(began, finish), sound: fault === 'behind' }
    }
    for (const change of correctionsOf(planned.correction)) {
      const body = change === 'finish' ? { finish: at(fact.start + 2222) } : { exclude_from_estimates: change }
      await made(lab.patch(`/api/steps/${id}`, { ...body, reason: 'seen' }))
      fact = change === 'finish' ? { ...fact, finish: fact.start + 2222, sound: !pausedBeyond(fact.told, fact.start + 2222) } : { ...fact, decision: change }
    }
    facts.push({ ...fact, id })
  }
  return facts
}

function correctionsOf (correction: Correction): ('finish' | boolean | null)[] {
  return {
    none: [], exclude: [true], include: [false], 'exclude, include': [true, false], undecided: [true, null], 'other finish': ['finish' as const]
  }[correction]
}

/** The seconds between the first start and the last finish of some steps in which their run did not stand: it was not paused itself, and no step of it was paused while none was active. */
function activeOf (some: readonly Fact[], all: readonly Fact[], own: readonly Interval[]): number {
  const [first, last] = [Math.min(...some.map(({ start }) => start)), Math.max(...some.map(({ finish }) => finish))]
  const edges = [first, last, ...own.flatMap(({ from, to }) => [from, to]), ...all.flatMap(({ start, finish, told }) => [start, finish, ...told.flatMap(({ from, to }) => [from, to])])]
  const sorted = ascending([...new Set(edges)].filter((edge) => edge >= first && edge <= last))
  let stood = 0
  for (const [index, from] of sorted.entries()) {
    const to = sorted[index + 1] ?? from
    const covers = ({ from: begins, to: ends }: Interval) => begins <= from && ends >= to
    const going = all.filter(({ start, finish }) => start <= from && finish >= to)
    const paused = going.filter(({ told }) => told.some(covers))
    if (own.some(covers) || (paused.length > 0 && paused.length === going.length)) stood += to - from
  }
  return rounded((last - first - stood) / second)
}

/** The rank bound, by counting; null where there are too few samples. */
function rankOf (samples: readonly number[], confidence: number): number | null {
  const rank = Math.ceil(confidence * (samples.length + 1) - 1e-9)
  return rank <= samples.length ? ascending(samples)[rank - 1]! : null
}

function medianOf (samples: readonly number[]): number {
  const sorted = ascending(samples)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

const confidences = [0.5, 0.8] as const

t.test(`${histories} random histories: what is answered follows from the facts`, async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  let number = 0
  const checked = { estimates: 0, remaining: 0, totals: 0, processes: 0, statistics: 0 }
  const same = (found: unknown, wanted: unknown, what: string) => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
  }

  // With eleven samples at most, no change point can be seen, and these confidences are no rank of a largest one that may be an outlier.
  await fc.assert(fc.asyncProperty(fc.array(plan, { minLength: 3, maxLength: 22 }), fc.array(standstill, { minLength: runs, maxLength: runs }), async (given, standstills) => {
    const device = `Device ${number++}`
    const plans = (['wash', 'incubate'] as const).flatMap((fct) => given.filter((planned) => planned.fct === fct).slice(0, 11))
    const process = await made(lab.post('/api/processes', { name: device, source: device }))
    const experiments: string[] = []
    for (let run = 0; run < runs; run++) experiments.push((await made(lab.post('/api/experiments', { process_id: process.id }))).id)
    const facts = await happen(lab, device, plans, experiments)
    const overheads = (fct: string) => facts.filter((fact) => fact.fct === fct && counts(fact)).map((fact) => rounded(secondsOf(fact) - commandedOf(fact)))

    for (const fact of facts) {
      const { excluded_from_estimates: excluded } = await made(lab.get(`/api/steps/${fact.id}`))
      same(excluded === null, counts(fact), `excluded ${excluded} of ${JSON.stringify(fact)}`)
    }
    await checkStatistics(device, facts)
    await checkProcess(process.id, experiments, facts, standstills)
    for (const confidence of confidences) {
      const asked = [{ fct: 'wash', commanded: 0 }, { fct: 'incubate', commanded: 60 }, { fct: 'incubate', commanded: 1800 }] as const
      const known = asked.filter(({ fct }) => overheads(fct).length > 0)
      if (known.length > 0) await checkEstimates(device, known, confidence, overheads)
    }
  }), { numRuns: histories, endOnFailure: true })
  t.comment(JSON.stringify(checked))
  t.ok(Math.min(...Object.values(checked)) >= histories, JSON.stringify(checked))

  type Asked = { fct: 'wash' | 'incubate', commanded: number }
  async function checkEstimates (device: string, asked: readonly Asked[], confidence: number, overheads: (fct: string) => number[]): Promise<void> {
    const steps = asked.map((one) => ({ device, data: dataOf(one) }))
    const { estimates, total } = await made(lab.post('/api/estimates/batch', { steps, confidence, total: true }))
    for (const [index, one] of asked.entries()) {
      const samples = overheads(one.fct)
      const whole = (overhead: number) => Math.max(0.001, rounded(commandedOf(one) + overhead))
      const { duration_seconds, median_seconds, sample_size } = estimates[index]
      same([sample_size, median_seconds], [samples.length, whole(medianOf(samples))], `estimate of ${JSON.stringify(one)} from ${JSON.stringify(samples)}`)
      const rank = rankOf(samples, confidence)
      if (rank !== null) same(duration_seconds, whole(rank), `bound at ${confidence} of ${JSON.stringify(one)} from ${JSON.stringify(samples)}`)
      else if (duration_seconds < whole(Math.max(...samples))) throw new Error('a substitute below the largest sample')
      checked.estimates++
      await checkRemaining(device, one, samples, confidence)
    }
    checkTotal(total, estimates, asked.map((one) => overheads(one.fct).map((overhead) => Math.max(0.001, commandedOf(one) + overhead))), confidence)
  }

  async function checkRemaining (device: string, one: Asked, samples: readonly number[], confidence: number): Promise<void> {
    const wholes = samples.map((overhead) => rounded(commandedOf(one) + overhead))
    const elapsed = Math.max(0, medianOf(wholes) - 0.5)
    const { id } = await made(lab.post('/api/steps', { device, data: dataOf(one), start: at(Date.now() - elapsed * second) }))
    const { items: [answer] } = await made(lab.post('/api/estimates/remaining', { step_ids: [id], confidence }))
    await made(lab.post(`/api/steps/${id}/finish`, { status: 'aborted' }))
    const longer = wholes.filter((whole) => whole > answer.elapsed_seconds)
    same([answer.overdue, answer.share_longer], [longer.length === 0, (longer.length + 1) / (wholes.length + 1)], 'overdue')
    const rank = rankOf(longer, confidence)
    if (longer.length === 0) same(answer.remaining_seconds, null, 'remaining')
    else if (rank !== null) same(answer.remaining_seconds, rounded(rank - answer.elapsed_seconds), `remaining at ${confidence} of ${JSON.stringify(wholes)}`)
    else if (answer.remaining_seconds < rounded(Math.max(...longer) - answer.elapsed_seconds)) throw new Error('a substitute below the largest sample')
    checked.remaining++
  }

  function checkTotal (total: any, estimates: any[], parts: readonly (readonly number[])[], confidence: number): void {
    const sums = ascending(parts.reduce<number[]>((sums, part) => sums.flatMap((sum) => part.map((seconds) => sum + seconds)), [0]))
    const bounds = estimates.map(({ duration_seconds }) => duration_seconds as number)
    same(total.sum_of_bounds_seconds, rounded(bounds.reduce((sum, bound) => sum + bound, 0)), 'sum of bounds')
    const floor = Math.max(...bounds)
    if (total.duration_seconds < floor || total.median_seconds < Math.max(...estimates.map(({ median_seconds }) => median_seconds as number))) throw new Error('a total below one of its parts')
    // 2,000 draws find a quantile of all sums within five percent, and more.
    const quantile = (share: number) => sums[Math.min(sums.length - 1, Math.max(0, Math.ceil(share * sums.length) - 1))]!
    const [least, most] = [quantile(confidence - 0.05), quantile(confidence + 0.05)]
    if (total.duration_seconds < rounded(least) || total.duration_seconds > rounded(Math.max(most, floor))) {
      throw new Error(`the total ${total.duration_seconds} at ${confidence} is not from ${least} to ${most}, nor ${floor}`)
    }
    checked.totals++
  }

  async function checkStatistics (device: string, facts: readonly Fact[]): Promise<void> {
    for (const excluded of ['', '&excluded=any']) {
      const { items } = await made(lab.get(`/api/steps/statistics?group_by=fct&device=${encodeURIComponent(device)}${excluded}`))
      for (const { group: { fct }, ...found } of items) {
        const all = facts.filter((fact) => fact.fct === fct)
        const seconds = ascending(all.filter((fact) => excluded !== '' || (believed(fact) && known(fact))).map(secondsOf))
        const [count, sum] = [seconds.length, seconds.reduce((sum, one) => sum + one, 0)]
        const at95 = 0.95 * (count - 1)
        const p95 = (seconds[Math.floor(at95)] ?? 0) + (at95 % 1) * ((seconds[Math.ceil(at95)] ?? 0) - (seconds[Math.floor(at95)] ?? 0))
        const deviation = Math.sqrt(seconds.reduce((sum_, one) => sum_ + (one - sum / count) ** 2, 0) / (count - 1))
        same([found.count, found.finished, found.failed, found.min_seconds, found.max_seconds, found.total_seconds],
          [all.length, all.length, all.filter(({ status }) => status === 'failed').length, seconds[0] ?? null, seconds.at(-1) ?? null, rounded(sum)], `statistics of ${fct}${excluded}`)
        const close = (a: number | null, b: number | null) => a === null || b === null ? a === b : Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b))
        const wanted = [count === 0 ? null : sum / count, count === 0 ? null : medianOf(seconds), count === 0 ? null : p95, count < 2 ? null : deviation]
        if (![found.mean_seconds, found.median_seconds, found.p95_seconds, found.stddev_seconds].every((one, index) => close(one, wanted[index]!))) {
          throw new Error(`statistics of ${fct}${excluded}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
        }
        checked.statistics++
      }
    }
  }

  async function checkProcess (process: string, experiments: readonly string[], facts: readonly Fact[], standstills: readonly (Interval | null)[]): Promise<void> {
    const spans: number[] = []
    for (const [run, id] of experiments.entries()) {
      const all = facts.filter((fact) => fact.run === run)
      const own: Interval[] = []
      const told = standstills[run]!
      let early = false
      if (all.length > 0 && told !== null) {
        const { created_at } = await made(lab.get(`/api/experiments/${id}`))
        const first = Math.min(...all.filter(placed).map(({ start }) => start), Infinity)
        early = told.from < Math.min(first, Date.parse(created_at)) - 5 * second
        await made(lab.post(`/api/experiments/${id}/pause`, { at: at(told.from) }))
        await made(lab.post(`/api/experiments/${id}/resume`, { at: at(told.to) }))
        const from = Math.max(Number.isFinite(first) ? first : Date.parse(created_at), told.from)
        const last = Math.max(...all.filter(placed).map(({ finish }) => finish), -Infinity)
        own.push({ from, to: Math.max(from, Number.isFinite(last) ? Math.min(told.to, last) : told.to) })
      }
      if (all.length > 0) await made(lab.patch(`/api/experiments/${id}`, { status: 'completed' }))
      const span = (some: readonly Fact[]) => some.length === 0 ? null : (Math.max(...some.map(({ finish }) => finish)) - Math.min(...some.map(({ start }) => start))) / second
      const active = (some: readonly Fact[]) => some.length === 0 ? null : activeOf(some, all.filter(placed), own)
      const { duration_seconds, active_seconds, paused_seconds } = await made(lab.get(`/api/experiments/${id}`))
      same([duration_seconds, active_seconds, paused_seconds],
        [span(all.filter(placed)), active(all.filter(placed)), own.reduce((sum, { from, to }) => sum + to - from, 0) / second], `span of run ${run}`)
      const counting = all.filter(counts).filter(placed)
      if (counting.length > 0 && all.every(({ status }) => status === 'completed') && counting.every(({ finish }) => finish <= Date.now()) && !early &&
        !stoodThroughout(span(counting)!, span(counting)! - active(counting)!)) spans.push(active(counting)!)
    }
    const found = await made(lab.get(`/api/processes/${process}/duration?confidence=0.5`))
    same([found.sample_size, found.duration_seconds], [spans.length, spans.length === 0 ? null : rankOf(spans, 0.5)], `duration of ${JSON.stringify(spans)}`)
    checked.processes++
  }
})

/** What happened to a wash of the long history. */
const washes = fc.array(fc.record({
  ms: fc.integer({ min: 80_000, max: 120_000 }),
  kind: oneOf<'sample' | 'failed' | 'simulated' | 'excluded'>([12, 'sample'], [1, 'failed'], [1, 'simulated'], [1, 'excluded'])
}), { minLength: 60, maxLength: 90 })

t.test(`${histories} long random histories: the bounds at 0.9 and 0.95 are ranks of the newest fifty that count, and those at 0.5 of the newest thirty`, async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  let number = 0
  let checked = 0
  await fc.assert(fc.asyncProperty(washes, async (given) => {
    const device = `Washer ${number++}`
    const newest = Math.floor(Date.now() / second) * second - hour
    const steps = given.map(({ ms, kind }, index) => ({
      device, data: { fct: 'wash' }, start: at(newest - index * 300 * second - ms), finish: at(newest - index * 300 * second),
      ...kind === 'failed' ? { status: 'failed' } : kind === 'simulated' ? { is_simulation: true } : {}
    }))
    const { items } = await made(lab.post('/api/steps/batch', { steps }))
    for (const [index, { kind }] of given.entries()) {
      if (kind === 'excluded') await made(lab.patch(`/api/steps/${items[index].id}`, { exclude_from_estimates: true, reason: 'seen' }))
    }
    // The newest comes first.
    const all = given.filter(({ kind }) => kind === 'sample').map(({ ms }) => ms / second)
    for (const [confidence, size] of [[0.5, 30], [0.9, 50], [0.95, 50]] as const) {
      const samples = all.slice(0, size)
      const found = await made(lab.post('/api/estimates', { step: { device, data: { fct: 'wash' } }, confidence }))
      // Chance makes a change point in some histories. What is right then is tested in planted.test.ts.
      if (found.warnings.some(({ code }: { code: string }) => code === 'device-changed')) continue
      if (JSON.stringify([found.method, found.sample_size, found.duration_seconds]) !== JSON.stringify(['rank', samples.length, rankOf(samples, confidence)])) {
        throw new Error(`at ${confidence}: ${JSON.stringify(found)} instead of ${rankOf(samples, confidence)} of ${JSON.stringify(samples)}`)
      }
      checked++
    }
  }), { numRuns: histories, endOnFailure: true })
  t.ok(checked >= histories, `${checked} bounds were checked`)
})
