import t from 'tap'
import { aService } from '../support/service.ts'

// The section "Experiments and Processes" of the documented workflows; each test is named after the heading that it follows.

const cellViability = `
def cell_culture_assay(plate):
    # Step 1: Add reagent
    liquid_handler.dispense(plate, reagent='MTT', volume=50)

    # Step 2: Incubate
    incubator.incubate(plate, temperature=37, duration=4*3600)

    # Step 3: Read absorbance
    reader.read_absorbance(plate, wavelength=570)
`

t.test('Creating a Process', async (t) => {
  const service = await aService(t)
  const created = await service.post('/api/processes', { name: 'Cell Viability Assay', source: cellViability })
  t.match(created, { status: 201, body: { name: 'Cell Viability Assay', archived_at: null } })
  t.equal(created.headers.location, `/api/processes/${created.body.id}`)
})

t.test('Listing Available Processes', async (t) => {
  const service = await aService(t)
  const viability = await service.post('/api/processes', { name: 'Cell Viability Assay', source: cellViability })
  const screening = await service.post('/api/processes', { name: 'Cell Screening', source: 'Prepare plates with cells' })
  const { body } = await service.get('/api/processes')
  t.strictSame(new Map(body.items.map(({ name, id }: { name: string, id: string }) => [name, id])), new Map([
    ['Cell Viability Assay', viability.body.id], ['Cell Screening', screening.body.id]
  ]))
  t.notOk(body.items.some((item: object) => 'source' in item), 'a list is short: sources are read one by one')
})

t.test('Retrieving a Process', async (t) => {
  const service = await aService(t)
  const { body: { id } } = await service.post('/api/processes', { name: 'Cell Viability Assay', source: cellViability })
  const source = await service.get(`/api/processes/${id}/source`)
  t.equal(source.status, 200)
  t.equal(source.text, cellViability, 'to the letter, with its indentation and line ends')
  t.match(source.headers['content-type'], /^text\/plain/)
  t.match(await service.get('/api/processes/123e4567-e89b-12d3-a456-426614174000/source'), { status: 404, body: { code: 'process-not-found' } })
})

t.test('Creating an Experiment', async (t) => {
  const service = await aService(t)
  const { body: process } = await service.post('/api/processes', { name: 'Cell Viability Assay', source: cellViability })
  const created = await service.post('/api/experiments', { process_id: process.id })
  t.match(created, { status: 201, body: { status: 'created', process: { id: process.id, name: 'Cell Viability Assay' }, steps: { total: 0 } } })
  t.equal(created.headers.location, `/api/experiments/${created.body.id}`)
  t.match(await service.get(`/api/experiments?process_id=${process.id}`), { body: { items: [{ id: created.body.id }] } })
})
