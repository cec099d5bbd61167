import {
  type Decoded,
  type DecodedBy,
  type DecodeRequest,
  DecoderDied,
  type ImageDecoder,
} from '../../domain/prepare/image-decoder';

/** An image that ends so many decoders, each of which had nothing else to do, is what ends them. */
const LONE_DEATHS = 3;

/**
 * Decodes an image until there is a verdict on it alone: one that was given, or a death that was died, in a process that had decoded
 * other images before may be their doing.
 * @param onDeath told of each one
 * @throws DecodeTimeout, DecoderUnavailable
 */
export async function decodeSurely(
  decoder: ImageDecoder,
  request: DecodeRequest,
  onDeath: () => void,
): Promise<Decoded> {
  for (let deaths = 0, alone = false; deaths < LONE_DEATHS; alone = true) {
    const outcome = await decoder.decode(request, alone).catch(onlyDeaths);
    if (outcome instanceof DecoderDied) {
      onDeath();
      if (outcome.fresh) deaths += 1;
    } else if (outcome.decoded.is === 'made' || outcome.fresh) {
      return outcome.decoded;
    }
  }
  return { is: 'refused', why: 'it ends the decoder' };
}

function onlyDeaths(error: unknown): DecoderDied | DecodedBy {
  if (error instanceof DecoderDied) return error;
  throw error;
}
