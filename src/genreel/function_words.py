"""Words that sentences of a language are held together by: "the", "und", "los"."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "en": """the a an of and to in is his her with for on that he she who from by as their it at
        they are when be into has but after him have not this one an was were will about which
        been or them its out while only what up must all than where had there before during
        between so if can no through other both own does did do how because until two more
        himself herself themselves himself whose most against also over off down then you your
        we our my me i would could should being having some any every each just very now""",
    "es": """el la los las de del y que en un una unos unas es se su sus con por para lo al como
        pero más cuando donde ha han está están son fue era ser tras entre sobre hasta sin este
        esta estos estas ese esa eso aquel él ella ellos ellas quien quienes le les muy ya
        también sólo todo todos toda todas mientras desde durante contra otro otra otros porque
        no ni si hay tiene tienen hacer puede dos así después antes años""",
    "pt": """o os as de do da dos das e que em um uma uns umas é se seu sua seus suas com por
        para no na nos nas ao à aos às como mas mais quando onde foi são está estão ser após
        entre sobre até sem este esta estes estas esse essa isso ele ela eles elas quem lhe
        muito já também só todo todos toda todas enquanto desde durante contra outro outra
        outros porque não nem há tem têm fazer pode dois depois antes pelo pela num numa""",
    "gl": """o os as do da dos das e que en un unha uns unhas é se seu súa seus súas con por
        para no na nos nas ao á aos ás como pero máis cando onde foi son está están ser tras
        ata sen este esta estes eles elas quen moi xa tamén só todo todos mentres dende outro
        non hai ten teñen facer pode despois antes polo pola nunha""",
    "ca": """el la els les de del dels i que en un una uns unes és es seu seva seus seves amb
        per per a al als com però més quan on ha han està estan són va ser entre sobre fins
        sense aquest aquesta aquests aquestes ell ella ells elles qui molt ja també només tot
        tots tota totes mentre des durant contra altre altra altres perquè no ni hi té tenen
        fer pot dos després abans pels""",
    "fr": """le la les l de du des d et que qu qui en un une est se son sa ses leur leurs avec
        par pour dans au aux comme mais plus quand où a ont sont était être après entre sur
        jusqu sans ce cet cette ces il elle ils elles lui dont très déjà aussi tout tous toute
        toutes pendant depuis contre autre autres parce ne pas ni si y fait faire peut deux
        alors avant vers chez sous même c n j""",
    "it": """il lo la i gli le l di del della dei delle dello degli e che chi in un una uno è si
        suo sua suoi sue loro con per da dal dalla dai dalle nel nella nei nelle al alla ai alle
        come ma più quando dove ha hanno sono era essere dopo tra fra su sul sulla fino senza
        questo questa questi queste egli lui lei cui molto già anche solo tutto tutti tutta
        tutte mentre durante contro altro altra altri perché non né se c fare può due così
        prima ad ed""",
    "ro": """și si de la în in un o unei unui pe cu pentru din este sunt se să sa care că ca nu
        mai dar când unde a al ale ai lui ei lor fi fost după între până fără acest această
        acești acea el ea ele cine foarte deja tot toți toate timp contra alt alta pentru că
        ce are au face poate doi printr într prin își îi le""",
    "de": """der die das den dem des und in im ist ein eine einen einem einer eines sich sein
        seine seinen seinem seiner ihr ihre ihren ihrem mit für auf von vom zu zum zur als wie
        aber mehr wenn wo hat haben sind war wird werden nach zwischen über bis ohne dieser
        diese dieses er sie es wer sehr schon auch nur alle alles während seit gegen andere
        weil nicht noch so kann können zwei dann vor bei aus um dass doch durch einst""",
    "nl": """de het een en van in is zijn haar hun met voor op te ten ter als maar meer wanneer
        waar heeft hebben was wordt worden na tussen over tot zonder deze dit die dat hij zij ze
        wie zeer al ook alleen alle alles terwijl sinds tegen andere omdat niet nog zo kan
        kunnen twee dan bij uit om door naar aan er zich hem""",
    "af": """die 'n van en in is sy haar hul hulle met vir op te as maar meer wanneer waar het
        was word na tussen oor tot sonder hierdie hy wie baie ook net alle terwyl teen ander
        omdat nie nog so kan twee dan by uit om deur aan""",
    "sv": """och i att en ett det som på är av för med den till har de inte om sin sina sitt hans
        hennes deras men mer när där var blir efter mellan över utan denna detta dessa han hon
        vem mycket redan också bara alla allt medan sedan mot andra eftersom ej än så kan två
        från vid ut upp sig honom henne man""",
    "da": """og i at en et det som på er af for med den til har de ikke om sin sine sit hans
        hendes deres men mere når hvor var bliver efter mellem over uden denne dette disse han
        hun hvem meget allerede også kun alle alt mens siden mod andre fordi end så kan to fra
        ved ud op sig ham hende""",
    "no": """og i at en et det som på er av for med den til har de ikke om sin sine sitt hans
        hennes deres men mer når hvor var blir etter mellom over uten denne dette disse han hun
        hvem mye allerede også bare alle alt mens siden mot andre fordi enn så kan to fra ved ut
        opp seg ham henne""",
    "is": """og í að er á sem til með við um það hann hún þeir þær þau en ekki var af fyrir frá
        eftir hans hennar þeirra sig sér sinn sína þegar þar milli yfir án þessi þetta allt allir
        tveir verður hefur""",
    "fi": """ja on ei se hän joka jonka että mutta kun kuin hänen heidän oli ovat myös vain niin
        nyt ne he tämä tämän kaikki sekä vaan mukaan jälkeen kanssa välillä ilman mitä missä
        jossa joita olla eivät hänet heitä itsensä kaksi ennen vielä jo saa tulee""",
    "et": """ja on ei see ta tema kes mis et aga kui oma nende oli ka ainult nii nüüd need nad
        kõik pärast koos vahel ilma kus olema kuid ning välja kaks enne veel juba tuleb saab
        poolt üle""",
    "hu": """a az és egy hogy nem is van ki aki ami de mint meg már csak el vagy azt ezt ez ők
        volt lesz után között nélkül amikor ahol minden mert két még fel be majd saját neki
        akik akit amely miközben férfi nő""",
    "pl": """i w na z się nie do jest że o jak to za od po przez dla jego jej ich który która
        które którzy ale gdy kiedy gdzie był była są przed między nad bez ten ta te tego on ona
        oni one kto bardzo już także tylko wszystko wszyscy podczas inny może dwa swoje swoją
        swojego swoim ze pod aby co ma""",
    "cs": """a v na z se ne do je že o jak to za od po pro jeho její jejich který která které
        kteří ale když kde byl byla jsou před mezi nad bez ten ta ti toho on ona oni kdo velmi
        už také jen všechno všichni během jiný může dva své svou svého svým ve si ze pod aby
        co má však i""",
    "sk": """a v na z sa nie do je že o ako to za od po pre jeho jej ich ktorý ktorá ktoré ktorí
        ale keď kde bol bola sú pred medzi nad bez ten tá tí toho on ona oni kto veľmi už tiež
        len všetko všetci počas iný môže dva svoje svoju svojho svojím vo si zo pod aby čo má
        však aj""",
    "sl": """in v na z se ne do je da o kot to za od po pri njegov njen njihov ki ko ampak kjer
        bil bila so pred med nad brez ta ti tega on ona oni kdo zelo že tudi samo vse vsi drugi
        lahko dva svoje svojo iz pod kar ima pa ga jo jih""",
    "hr": """i u na s se ne do je da o kao to za od po kod njegov njezin njihov koji koja koje
        ali kada gdje bio bila su prije između nad bez taj ta te toga on ona oni tko vrlo već
        također samo sve svi drugi može dva svoje svoju iz pod što ima ga ih nakon sa će""",
    "lt": """ir į su iš kad yra ne jis ji jie jos jo bet kai kur buvo po prie tarp be šis ši tai
        kas labai jau taip pat tik visi viskas kitas gali du savo už per apie o kuris kuri""",
    "lv": """un ir ar no ka uz par ne viņš viņa viņi bet kad kur bija pēc pie starp bez šis šī
        tas kas ļoti jau arī tikai visi viss cits var divi savu savas lai kurš kura tā""",
    "tr": """ve bir bu da de için ile çok ne daha gibi kadar olan olarak ama sonra her onun o en
        var değil iki ya şey ki kendi ise hem veya göre ancak tüm eder olur ettiği olduğu
        arasında üzere birlikte genç adam kadın film yeni onu ona artık""",
    "az": """və bir bu da də üçün ilə çox nə daha kimi qədər olan olaraq amma sonra hər onun o ən
        var deyil iki ya öz isə həm""",
    "id": """yang dan di dari untuk dengan ini itu ke pada seorang adalah tidak dalam akan oleh
        mereka dia ia juga karena saat telah sebuah bisa ada para namun setelah ketika tetapi
        bahwa hanya semua antara tanpa dua sang menjadi""",
    "ms": """yang dan di dari untuk dengan ini itu ke pada seorang adalah tidak dalam akan oleh
        mereka dia ia juga kerana telah sebuah boleh ada para namun selepas apabila tetapi
        bahawa hanya semua antara tanpa dua""",
    "tl": """ang ng sa na mga at ay si ni ito kanyang isang hindi para kung nang siya sila niya
        nila may kay upang dahil ngunit lahat bilang mula""",
    "vi": """và của là một những các cho không người được trong với có để đã khi này cô anh từ
        đến ra vào nhưng cũng họ mình về sau tại bị phải như""",
    "sw": """na ya wa kwa ni katika za la cha vya kuwa yake yao hii huo huyo lakini baada bila
        wakati ambao ambaye kama pia wote mmoja""",
    "eu": """eta da ez bat du zen bere dira baina izan horrek hau duen den dute ere egin ondoren
        beste gabe""",
    "ga": """agus an na ar go is le i a ag tá bhí sé sí siad ach nuair mar atá chun den don""",
    "cy": """a yn y yr i ar o mae ei eu wedi gan ond pan ac sydd bod am hyn""",
    "sq": """dhe të në një e i për me nga është që së si por kur ku ishte janë pas mes pa ky kjo
        ai ajo ata kush shumë vetëm gjithë tjetër dy tij saj""",
    "eo": """la kaj de en estas al li ŝi ili kun por sed kiam kie kiu kiuj ke ne sia siaj post
        inter sen ĉi tiu ĉiuj du el""",
    "ja": """wa ga wo ni koto sono kono kara desu shita shite suru iru nai mono sore kare kanojo""",
    "hi": """hai ka ke ki ko mein se aur ek par ne nahi hain kya yeh woh bhi jo apne apni liye
        kar tha thi the hota hoti raha rahi uska uski iske""",
    "ru": """и в на с не что он она они его её ее их как по из к но за от для который которая
        которые когда где был была это а о же так все до после между без у под во со чтобы уже
        только своей своего свою свой себя может если или ему ей им""",
    "uk": """і в у на з не що він вона вони його її їх як по із до але за від для який яка які
        коли де був була це а про та й так все після між без під чи щоб вже тільки своєї свого
        свою себе може якщо або йому їй їм""",
    "be": """і ў у на з не што ён яна яны яго яе іх як па да але за ад для які якая якія калі дзе
        быў была гэта а пра так усё пасля паміж без""",
    "bg": """и в на с не че той тя те го я ги как по от но за който която които когато къде беше
        е са да се това а до след между без под във със вече само свой може ако или му им ще
        един една""",
    "sr": """и у на с не да он она они га је их као по из к али за од који која које када где био
        била су то а о се све до после између без под већ само свој може ако или му им""",
    "mk": """и во на со не дека тој таа тие го ја ги како по од но за кој која кои кога каде беше
        е се да тоа а до по меѓу без под веќе само својот може ако или му им ќе еден една""",
    "kk": """және бір бұл мен үшін да де ол оның бар жоқ деп болып осы сол кейін бірақ""",
    "mn": """нь бол энэ юм ба тэр болон байна гэж хүн нэг""",
    "ar": """في من على إلى عن مع هذا هذه التي الذي أن إن كان كانت ما لا لم بعد قبل بين حتى ثم
        أو و هو هي هم كل عندما حيث خلال يتم به بها""",
    "fa": """در از به با که را این آن برای است یک می شود او و بر تا اما خود پس هم کرده شده است
        دو""",
    "ur": """کے کی کا میں ہے سے کو اور پر نے ایک یہ وہ کہ ہیں اس""",
    "ru-Latn": """v na ne chto čto shto chtoby on ona oni ego yego jego ee eyo yeyo ih ikh kak po
        iz no za ot dlya dlja kotoryi kotoryj kotoriy kotoryy kotoraya kotoraja kotorye kotoroy
        kogda gde byl byla bylo eto zhe tak vse vsyo do posle mezhdu bez pod vo so uzhe tolko svoey
        svoei svoego svoyu svoi svoy mozhet esli ili emu yemu ey im kotoruyu kotorogo kotorom
        nikogda odnazhdy nim nego nee chem poka tam i u""",
}
"""Code of a language → its function words, in small letters; a word may stand in several, and then
speaks for each. "ru-Latn" is Russian in Latin letters, which would else be taken for Croatian: no
model reads it.
"""
