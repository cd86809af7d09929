import { Configuration, ContainersApi, DevicesApi, ResponseError } from './client/src/index.js'

const [url, key] = process.argv.slice(2)
const configuration = new Configuration({ basePath: url, accessToken: key })
const containers = new ContainersApi(configuration)
const devices = new DevicesApi(configuration)

const plate = await containers.getContainer({ container: 'SCREEN_001' })
if (!plate.lidded) throw new Error('the plate was added with its lid on')

const moved = await containers.moveContainer({
  container: plate.id,
  move: { sourceDevice: 'Hamilton_STAR', sourcePos: 0, targetDevice: 'Incubator', targetPos: 5 }
})
if (moved.container.device !== 'Incubator') throw new Error('it was moved')

const refused: unknown = await containers.getContainer({ container: 'unknown' }).catch((error: unknown) => error)
if (!(refused instanceof ResponseError) || (await refused.response.json()).code !== 'container-not-found') throw new Error('a refusal has its code')

const positions = await devices.listPositions({ device: 'Incubator', empty: false })
console.log(JSON.stringify(positions.map(({ position, container }) => [position, container])))
