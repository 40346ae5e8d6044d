/** Addresses of the caption fonts in the built console; the same files that the agent draws with. */
import anton from '@expo-google-fonts/anton/400Regular/Anton_400Regular.ttf?url';
import korean from '@expo-google-fonts/black-han-sans/400Regular/BlackHanSans_400Regular.ttf?url';
import japanese from '@expo-google-fonts/dela-gothic-one/400Regular/DelaGothicOne_400Regular.ttf?url';
import montserrat from '@expo-google-fonts/montserrat/800ExtraBold/Montserrat_800ExtraBold.ttf?url';
import arabic from '@expo-google-fonts/noto-sans-arabic/800ExtraBold/NotoSansArabic_800ExtraBold.ttf?url';
import bengali from '@expo-google-fonts/noto-sans-bengali/800ExtraBold/NotoSansBengali_800ExtraBold.ttf?url';
import devanagari from '@expo-google-fonts/noto-sans-devanagari/800ExtraBold/NotoSansDevanagari_800ExtraBold.ttf?url';
import hebrew from '@expo-google-fonts/noto-sans-hebrew/800ExtraBold/NotoSansHebrew_800ExtraBold.ttf?url';
import tamil from '@expo-google-fonts/noto-sans-tamil/800ExtraBold/NotoSansTamil_800ExtraBold.ttf?url';
import thai from '@expo-google-fonts/noto-sans-thai/800ExtraBold/NotoSansThai_800ExtraBold.ttf?url';
import poppins from '@expo-google-fonts/poppins/600SemiBold/Poppins_600SemiBold.ttf?url';
import chinese from '@expo-google-fonts/zcool-qingke-huangyou/400Regular/ZCOOLQingKeHuangYou_400Regular.ttf?url';

/** By the id of the font. */
export const fontUrls: Readonly<Record<string, string>> = {
  ...{ montserrat, poppins, anton },
  ...{ arabic, hebrew, devanagari, bengali, tamil, thai, korean, japanese, chinese },
};
