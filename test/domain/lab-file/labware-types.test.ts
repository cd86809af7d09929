import t from 'tap'
import { readLabConfig } from '../../../src/domain/lab-file/lab-config.ts'
import { labFile } from '../../../src/domain/lab-file/lab-file.ts'
import { jsonPieces } from '../../../src/domain/lab-file/long-object.ts'
import { type LabwareTypeSettings, planLabwareTypes, unknownTypeFaults } from '../../../src/domain/lab-file/labware-types.ts'

const aType = (name: string, rest: Partial<LabwareTypeSettings> = {}): LabwareTypeSettings =>
  ({ name, description: null, deep_well: false, height_mm: null, wells: null, lid: null, extra: null, ...rest })

function faultsOf (labware_types: unknown, device: object = {}): [string, string][] {
  const found = readLabConfig({ labware_types, sila_servers: { g: { Hotel: { capacity: 1, ...device } } } })
  return 'faults' in found ? found.faults.map(({ pointer, detail }) => [pointer, detail]) : []
}

t.test('labware types of a lab file come back as they were sent', (t) => {
  const file = {
    sila_servers: { g: { Waste: { capacity: 0, disposes: true }, Hotel: { capacity: 3, labware_types: ['flat', 'Deep/96'], max_height_mm: 45.5 } } },
    labware_types: { flat: { height_mm: 14.4, wells: 96, lid: 'optional', sold_by: 'Greiner' }, 'Deep/96': { deep_well: true, description: 'two\nlines' }, unknown: {} }
  }
  const found = readLabConfig(file)
  if ('faults' in found) throw new Error(JSON.stringify(found.faults))
  t.strictSame(JSON.parse([...jsonPieces(labFile(found.config))].join('')), file)
  t.strictSame(found.config.labware_types, [
    aType('flat', { height_mm: 14.4, wells: 96, lid: 'optional', extra: { sold_by: 'Greiner' } }), aType('Deep/96', { deep_well: true, description: 'two\nlines' }), aType('unknown')
  ])
  t.end()
})

t.test('a file that says no types, or null, has none to compare', (t) => {
  t.match(readLabConfig({ sila_servers: {} }), { config: { labware_types: null } })
  t.match(readLabConfig({ sila_servers: {}, labware_types: null }), { config: { labware_types: null } })
  t.match(readLabConfig({ sila_servers: {}, labware_types: { a: null } }), { config: { labware_types: [aType('a')] } })
  t.end()
})

t.test('each fault names its member and the rule', (t) => {
  t.match(faultsOf(['flat']), [['/labware_types', /must be an object/]])
  t.match(faultsOf({ flat: 5 }), [['/labware_types/flat', /must be an object/]])
  t.match(faultsOf({ '': {}, '..': {}, ' a': {} }), [['/labware_types/', /empty/], ['/labware_types/..', /"\."/], ['/labware_types/ a', /space/]])
  t.match(faultsOf({ 'a/b': { height_mm: 0, wells: 1.5, lid: 'sometimes', deep_well: 'yes', description: 5 } }), [
    ['/labware_types/a~1b/description', /text/], ['/labware_types/a~1b/deep_well', /true or false/], ['/labware_types/a~1b/height_mm', /above 0/],
    ['/labware_types/a~1b/wells', /whole number/], ['/labware_types/a~1b/lid', /none, optional or always/]
  ])
  t.match(faultsOf({}, { disposes: 'yes', labware_types: 'flat', max_height_mm: -1 }), [
    ['/sila_servers/g/Hotel/disposes', /true or false/], ['/sila_servers/g/Hotel/labware_types', /must be a list/], ['/sila_servers/g/Hotel/max_height_mm', /above 0/]
  ])
  t.match(faultsOf({}, { labware_types: ['a', 'b', 'a'] }), [['/sila_servers/g/Hotel/labware_types/2', /listed twice/]])
  t.match(unknownTypeFaults(['a', 'b'], new Set(['a']), '/labware_types'), [{ pointer: '/labware_types/1', detail: /"b".*PUT \/api\/labware-types/ }])
  t.end()
})

t.test('what a file changes about types', (t) => {
  const tracked = [aType('same'), aType('other', { wells: 96 }), aType('gone')]
  const wanted = [aType('same'), aType('other', { wells: 384, lid: 'none' }), aType('fresh')]
  t.match(planLabwareTypes(wanted, tracked, { prune: true }), {
    changes: [
      { action: 'unchanged', labware_type: 'same', changed: [] }, { action: 'update', labware_type: 'other', changed: ['wells', 'lid'] },
      { action: 'add', labware_type: 'fresh', changed: [] }, { action: 'delete', labware_type: 'gone' }
    ],
    written: [{ name: 'other' }, { name: 'fresh' }], deleted: ['gone']
  })
  t.strictSame(planLabwareTypes(wanted, tracked, { prune: false }).deleted, [])
  t.strictSame(planLabwareTypes(null, tracked, { prune: true }), { changes: [], written: [], deleted: [] }, 'a file of before there were types deletes none')
  t.end()
})
