import createClient from 'openapi-fetch'
import type { paths } from './schema.js'

const [url, key] = process.argv.slice(2)
const client = createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${key}` } })

const { data: plate } = await client.GET('/api/containers/{container}', { params: { path: { container: 'SCREEN_001' } } })
if (plate === undefined || !plate.lidded) throw new Error('the plate was added with its lid on')

const { data: moved } = await client.POST('/api/containers/{container}/move', {
  params: { path: { container: plate.id } },
  body: { source_device: 'Hamilton_STAR', source_pos: 0, target_device: 'Incubator', target_pos: 5 }
})
if (moved?.container.device !== 'Incubator') throw new Error('it was moved')

const { error } = await client.GET('/api/containers/{container}', { params: { path: { container: 'unknown' } } })
if (error?.code !== 'container-not-found') throw new Error('a refusal has its code')

const { data: positions } = await client.GET('/api/devices/{device}/positions', { params: { path: { device: 'Incubator' }, query: { empty: false } } })
console.log(JSON.stringify(positions!.map(({ position, container }) => [position, container])))
