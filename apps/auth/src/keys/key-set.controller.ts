import { Controller } from '@nestjs/common';
import { keySetGet } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { TokenSigner } from '@capsule/security';

@Controller()
export class KeySetController {
  constructor(private readonly signer: TokenSigner) {}

  @Rpc(keySetGet)
  get() {
    return this.signer.keySet();
  }
}
