"""Fictional names, Chinese and English in the same position. Any likeness to a real organisation is accidental."""

Name = tuple[str, str]

BRANDS: dict[str, tuple[Name, ...]] = {
    "area-350100": (
        ("榕岚", "Ronglan"), ("闽澄", "Mincheng"), ("乌山", "Wushan"), ("鼓岭", "Guling"), ("江滨", "Jiangbin"),
        ("旗山", "Qishan"), ("茉韵", "Moyun"), ("三桥", "Sanqiao"), ("罗星", "Luoxing"), ("琅岐", "Langqi"),
        ("青口", "Qingkou"), ("海西", "Haixi"), ("左海", "Zuohai"), ("金峰", "Jinfeng"), ("漳港", "Zhanggang"),
        ("白马", "Baima"),
    ),
    "area-350200": (
        ("鹭屿", "Luyu"), ("沧启", "Cangqi"), ("翔禾", "Xianghe"), ("集韵", "Jiyun"), ("筼筜", "Yundang"),
        ("环岛", "Huandao"), ("马銮", "Maluan"), ("杏林", "Xinglin"), ("凤凰木", "Fenghuangmu"), ("东渡", "Dongdu"),
        ("天竺", "Tianzhu"), ("大嶝", "Dadeng"), ("新阳", "Xinyang"), ("同兴", "Tongxing"), ("白鹭", "Bailu"),
        ("石胄", "Shizhou"),
    ),
}  # fmt: skip

SUFFIXES: dict[str, tuple[Name, ...]] = {
    "factory": (
        ("精密机械有限公司", "Precision Machinery Co., Ltd."), ("纺织有限公司", "Textile Co., Ltd."),
        ("食品有限公司", "Foods Co., Ltd."), ("电子科技有限公司", "Electronics Co., Ltd."),
        ("铝业有限公司", "Aluminium Co., Ltd."), ("陶瓷有限公司", "Ceramics Co., Ltd."),
        ("化纤有限公司", "Chemical Fibre Co., Ltd."), ("玻璃有限公司", "Glass Co., Ltd."),
        ("纸业有限公司", "Paper Co., Ltd."), ("汽车零部件有限公司", "Auto Parts Co., Ltd."),
        ("卫浴有限公司", "Sanitary Ware Co., Ltd."), ("制药有限公司", "Pharmaceutical Co., Ltd."),
        ("光电有限公司", "Optoelectronics Co., Ltd."), ("船舶配套有限公司", "Marine Equipment Co., Ltd."),
        ("茶业有限公司", "Tea Co., Ltd."), ("新材料有限公司", "New Materials Co., Ltd."),
    ),
    "school": (
        ("第一中学", "No. 1 Middle School"), ("实验小学", "Experimental Primary School"),
        ("职业技术学院", "Vocational College"), ("理工大学", "University of Technology"),
        ("外国语学校", "Foreign Languages School"), ("师范学院", "Normal College"),
    ),
    "hospital": (
        ("总医院", "General Hospital"), ("中医院", "Hospital of Traditional Chinese Medicine"),
        ("妇幼保健院", "Maternity and Child Hospital"), ("康复医院", "Rehabilitation Hospital"),
        ("心血管病医院", "Cardiovascular Hospital"),
    ),
    "data_centre": (
        ("云数据中心", "Cloud Data Centre"), ("智算中心", "AI Computing Centre"),
        ("政务数据中心", "Government Data Centre"), ("超算中心", "Supercomputing Centre"),
    ),
    "mall": (
        ("广场", "Plaza"), ("购物中心", "Shopping Centre"), ("百货", "Department Store"),
        ("奥特莱斯", "Outlets"), ("家居城", "Furniture Mall"), ("生鲜市场", "Fresh Market"),
    ),
    "cold_store": (("冷链物流", "Cold Chain Logistics"), ("水产冷库", "Seafood Cold Store")),
    "charging": (("充电站", "Charging Station"), ("公交充电场", "Bus Charging Depot")),
    "community": (
        ("花园小区", "Garden Community"), ("里小区", "Lane Community"), ("新村", "New Village"),
        ("公寓社区", "Apartments"), ("渔港社区", "Fishing Port Community"), ("人才社区", "Talent Community"),
    ),
    "solar_pv": (
        ("光伏发电有限公司", "Photovoltaic Power Co., Ltd."), ("渔光互补发电有限公司", "Fishery Solar Power Co., Ltd."),
        ("农光新能源有限公司", "Agrivoltaic Energy Co., Ltd."),
    ),
    "wind_onshore": (("风力发电有限公司", "Wind Power Co., Ltd."), ("风能有限公司", "Wind Energy Co., Ltd.")),
    "wind_offshore": (("海上风电有限公司", "Offshore Wind Co., Ltd."),),
    "small_hydro": (("水电站", "Hydropower Station"), ("水力发电有限公司", "Hydropower Co., Ltd.")),
    "biomass": (
        ("生物质发电有限公司", "Biomass Power Co., Ltd."), ("竹木热电有限公司", "Bamboo Cogeneration Co., Ltd."),
    ),
    "biogas": (("沼气发电有限公司", "Biogas Power Co., Ltd."), ("环境能源有限公司", "Environmental Energy Co., Ltd.")),
}  # fmt: skip

PLANT_WORDS: dict[str, Name] = {
    "solar_pv": ("光伏电站", "Solar Plant"),
    "wind_onshore": ("风电场", "Wind Farm"),
    "wind_offshore": ("海上风电场", "Offshore Wind Farm"),
    "small_hydro": ("水电站", "Hydro Plant"),
    "biomass": ("生物质电厂", "Biomass Plant"),
    "biogas": ("沼气电站", "Biogas Plant"),
}

_PSEUDONYM_DIGITS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def member_name(area: str, kind: str, number: int) -> Name:
    """The `number`-th name of a kind in an area: every brand with every suffix once, then round again."""
    brands, suffixes = BRANDS[area], SUFFIXES[kind]
    offset = sum(kind.encode())
    brand = brands[(number + offset) % len(brands)]
    suffix = suffixes[(number + number // len(brands)) % len(suffixes)]
    return brand[0] + suffix[0], f"{brand[1]} {suffix[1]}"


def plant_name(owner: Name, technology: str, number: int, rooftop: bool) -> Name:
    """A plant's name after its owner's: the first has no number."""
    zh, en = ("屋顶光伏", "Rooftop Solar") if rooftop else PLANT_WORDS[technology]
    first = number == 1
    return f"{owner[0]}{zh}{'' if first else f'{number}号'}", f"{owner[1]} {en}{'' if first else f' {number}'}"


def pseudonym(draw: int) -> str:
    """Four digits that stand for a household."""
    base = len(_PSEUDONYM_DIGITS)
    return "".join(_PSEUDONYM_DIGITS[draw // base**place % base] for place in range(4))
